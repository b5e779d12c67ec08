import Glibc
import ShmCore
import SystemPackage

/// The events of a region that is waited for: of its name, of its file, and of one process. inotify(7), pidfd_open(2)
struct RegionWatch: ~Copyable {
  private let reference: RegionReference?
  private var directory: DirectoryWatch
  /// The events of the region's file; nil if it cannot be watched.
  private var file: OwnedDescriptor?
  /// The region whose file is watched, or could not be watched.
  private var watched: RegionIdentity?
  private var isMemory = false
  private var process: ProcessWatch?
  /// Whether opens and closes are events.
  let seesOpening: Bool

  /// - Parameters:
  ///   - reference: the region; nil without one.
  ///   - users: whether a process that opens or closes the region is an event.
  init(of reference: RegionReference?, users: Bool) {
    self.reference = reference
    directory = DirectoryWatch(of: reference)
    seesOpening = users
    if case .descriptor(let owner, _) = reference { process = try? ProcessWatch(owner) }
  }

  /// Discards events, and watches a directory that has taken the place of the former one. Call it before each look.
  mutating func prepare() {
    if directory.isStale { directory = DirectoryWatch(of: reference) }
    if let raw = directory.raw { Self.discard(raw) }
    if let raw = fileDescriptor { Self.discard(raw) }
  }

  /// Watches the file of a region that was found, and the process that uses it.
  ///
  /// - Parameters:
  ///   - region: the region; nil if it does not exist.
  ///   - user: a process whose end is an event; nil without one.
  /// - Returns: whether the file was not watched before, so that a look must follow.
  mutating func follow(_ region: RegionIdentity?, usedBy user: Int32?) -> Bool {
    if let user, user != watchedProcess { process = try? ProcessWatch(user) }
    guard region != watched else { return false }
    watched = region
    file = nil
    guard region != nil, let path = reference?.path else { return false }
    let instance = inotify_init1(CInt(IN_CLOEXEC) | CInt(IN_NONBLOCK))
    guard instance >= 0 else { return false }
    let new = OwnedDescriptor(adopting: instance)
    var events = UInt32(IN_MODIFY) | UInt32(IN_ATTRIB) | UInt32(IN_DELETE_SELF)
    if seesOpening { events |= UInt32(IN_OPEN) | UInt32(IN_CLOSE_WRITE) | UInt32(IN_CLOSE_NOWRITE) }
    // The next look detects that the name has changed hands meanwhile.
    let added = unsafe path.withPlatformString {
      unsafe inotify_add_watch(instance, $0, events)
    }
    guard added >= 0 else { return false }
    let fileSystem = (try? FileSystem.fileSystemStatus(path)).map { MemoryFileSystem($0) }
    isMemory = fileSystem.map { $0.kind != .other } ?? false
    file = consume new
    return true
  }

  /// Whether an event reports that a condition holds.
  ///
  /// - Parameters:
  ///   - condition: the condition.
  ///   - isFound: whether the region exists now.
  /// - Returns: whether looks without an event are unnecessary.
  func reports(_ condition: Region.Condition, ofExisting isFound: Bool) -> Bool {
    // Of a file without a name the kernel does not report all events, and of a network file system none.
    let isNamed = reference?.directory != nil && directory.raw != nil
    return switch condition {
    case .created, .removed: isNamed
    case .size, .grown, .users, .unused:
      isNamed && (!isFound || isMemory && fileDescriptor != nil)
    case .bytes, .resident: isNamed && !isFound
    case .room: false
    }
  }

  /// Waits for an event.
  ///
  /// - Parameters:
  ///   - longest: the longest pause, in nanoseconds.
  ///   - shortest: the shortest pause, in nanoseconds, even if an event arrives.
  ///   - deadline: the end of the wait.
  ///   - attempt: the operation, for the error.
  /// - Throws: `ShmError` if the kernel refuses to wait.
  func wait(
    _ longest: Int, butAtLeast shortest: Int, until deadline: Deadline, _ attempt: String
  ) throws(ShmError) {
    let begin = Clock.nanoseconds
    let left = deadline.left?.wholeNanoseconds ?? Int.max
    var descriptors = [directory.raw, fileDescriptor].compactMap { $0 }
    if let raw = processDescriptor { descriptors.append(raw) }
    do throws(Errno) {
      _ = try Waiter.wait(for: descriptors, timeout: .nanoseconds(min(longest, left)))
    } catch {
      throw ShmError(attempt, error)
    }
    let rest = min(begin + min(shortest, left), begin + longest) - Clock.nanoseconds
    if rest > 0 { Waiter.pause(.nanoseconds(rest)) }
  }

  private var fileDescriptor: CInt? {
    switch file {
    case .some(let file): file.raw
    case nil: nil
    }
  }

  /// Not inlined: the optimizer of Swift 6.3 fails on it as a part of `follow`.
  private var watchedProcess: Int32? {
    @inline(never)
    get {
      switch process {
      case .some(let process): process.process
      case nil: nil
      }
    }
  }

  /// The descriptor of a process that runs. A process that has ended would end every wait at once.
  private var processDescriptor: CInt? {
    switch process {
    case .some(let process): process.hasEnded ? nil : process.ended.raw
    case nil: nil
    }
  }

  /// Reads all events. Their kind does not matter, because a look follows.
  private static func discard(_ raw: CInt) {
    var events = [UInt8](repeating: 0, count: 4096)
    while (try? Waiter.isReady(raw)) == true {
      let count = unsafe events.withUnsafeMutableBufferPointer { buffer in
        try? unsafe OwnedDescriptor.read(raw, into: UnsafeMutableRawBufferPointer(buffer))
      }
      guard let count, count > 0 else { return }
    }
  }
}
