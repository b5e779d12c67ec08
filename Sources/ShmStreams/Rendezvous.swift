import CShm
import Glibc
public import ShmCore
public import SystemPackage

/// Where the two ends of a stream meet: a socket in a directory that is this user's alone.
///
/// ```swift
/// let place = try Rendezvous("frames")
/// ```
public struct Rendezvous: Hashable, Sendable {
  /// The stream's name.
  public let name: RegionName
  /// The directory.
  public let directory: FilePath

  /// The place of a name.
  ///
  /// - Parameters:
  ///   - name: the stream's.
  ///   - directory: where; nil for `/dev/shm/.shmtool-UID`, which a shell, a service and a container
  ///     with the same /dev/shm agree on.
  /// - Throws: `ShmError` of kind `usage` for a name that is none, or with which the path is longer
  ///   than a socket's may be; `system` if the user of this process is unknown.
  public init(_ name: String, directory: FilePath? = nil) throws(ShmError) {
    try self.init(RegionName(name), directory: directory)
  }

  /// The same of a name of bytes, which need not be UTF-8.
  public init(_ name: RegionName, directory: FilePath? = nil) throws(ShmError) {
    guard let directory = directory ?? Self.ownDirectory else {
      throw ShmError(
        .system, "cannot find the stream \(name.quoted)", "the user ID of this process is unknown",
        remedy: "name the directory in which the stream meets")
    }
    self.name = name
    self.directory = directory
    let length = path.bytes.count
    guard length <= Self.longestPath else {
      throw ShmError(
        .usage, "\(self.name.quoted) cannot name a stream",
        """
        it has \(self.name.bytes.count) bytes, and beside its directory there is room for \
        \(max(0, Self.longestPath - length + self.name.bytes.count))
        """)
    }
  }

  /// The longest path of a socket, without its NUL. unix(7)
  static let longestPath = 107

  /// Where streams of this user meet, unless another directory is named; nil if the user is unknown.
  static var ownDirectory: FilePath? {
    let user = ProcessView.user
    return user == .max ? nil : RegionName.directory.appending(directoryPrefix + "\(user)")
  }

  /// How the names of the directories begin.
  static let directoryPrefix = ".shmtool-"

  /// The socket's path.
  package var path: FilePath { name.path(in: directory) }

  /// Whether it is the directory that nobody has named, which is removed when it is empty.
  private var isOwnDirectory: Bool { directory == Self.ownDirectory }

  /// Opens the directory, made if need be, and locks it: whoever binds, replaces or removes a name
  /// does it under the lock, which ends with the descriptor. mkdir(2), flock(2)
  ///
  /// - Parameters:
  ///   - attempt: the words for errors.
  ///   - clock: how long to wait for another that has the lock.
  ///   - interrupt: a descriptor that becomes readable when the waiting is to end.
  /// - Returns: the open directory, which holds the lock.
  /// - Throws: `ShmError`: `notPermitted` for a directory that is not this user's alone, `timedOut`,
  ///   `interrupted`.
  func lockDirectory(
    _ attempt: String, until clock: Deadline = Deadline(after: nil), interrupt: CInt? = nil
  ) throws(ShmError) -> RendezvousDirectory {
    // Made, and gone again before it was locked: whoever removes it does so once it is empty.
    for _ in 0..<1000 {
      let isNew = try makeDirectory(attempt)
      do throws(ShmError) {
        guard var opened = try openDirectory(attempt) else { continue }
        opened.wasMade = isNew
        try lock(opened, attempt, until: clock, interrupt: interrupt)
        if opened.isCurrent { return opened }
      } catch {
        if isNew { try? FileSystem.removeDirectory(directory) }
        throw error
      }
    }
    throw ShmError(.busy, attempt, "another process removes \(shownDirectory) repeatedly")
  }

  /// Makes the directory if there is none; whether it did.
  private func makeDirectory(_ attempt: String) throws(ShmError) -> Bool {
    if FileSystem.exists(directory) { return false }
    do throws(Errno) {
      try FileSystem.makeDirectory(directory, mode: 0o700)
      return true
    } catch .fileExists {
      return false
    } catch {
      throw explain(error, attempt)
    }
  }

  /// Opens the directory; nil if there is none, and none is made.
  ///
  /// - Throws: `ShmError`: `notPermitted` for a directory that is not this user's alone, `notFound` if
  ///   the directory in which it would lie does not exist.
  func openDirectory(_ attempt: String) throws(ShmError) -> RendezvousDirectory? {
    do {
      return try RendezvousDirectory(directory, owner: ProcessView.user, repairs: true)
    } catch {
      switch error {
      case .failed(.noSuchFileOrDirectory) where isMakeable: return nil
      case .failed(let number): throw explain(number, attempt)
      case .shared:
        throw ShmError(
          .notPermitted, attempt, "\(shownDirectory) is not this user's alone",
          remedy: "use a directory that belongs to this user and has mode 0700")
      }
    }
  }

  /// Waits for the lock of the open directory.
  func lock(
    _ directory: borrowing RendezvousDirectory, _ attempt: String,
    until clock: Deadline = Deadline(after: nil), interrupt: CInt? = nil
  ) throws(ShmError) {
    let failure = StreamFailure(attempt: attempt)
    while cshm_try_lock(directory.descriptor.raw) != 0 {
      if let limit = clock.passed {
        throw failure.noMeeting("another process has its directory locked, and did not end", limit)
      }
      let ready = try ShmError.saying(attempt) { () throws(Errno) in
        try Polling.wait(
          for: interrupt.map { [$0] } ?? [],
          timeout: min(Self.pause, clock.left ?? Self.pause))
      }
      if ready.contains(true) { throw failure.interrupted }
    }
  }

  /// How long to pause between two tries of the lock: it is held for moments.
  private static var pause: Duration { .milliseconds(5) }

  /// Takes the name away, if it is still that socket's, and our own directory if it is empty.
  ///
  /// - Parameters:
  ///   - identity: the socket's.
  ///   - directory: the open directory, which is locked meanwhile.
  func remove(_ identity: RegionIdentity, under directory: borrowing RendezvousDirectory) {
    // Whoever has it may be stopped: the name must go all the same.
    var tries = 200
    while cshm_try_lock(directory.descriptor.raw) != 0, tries > 0 {
      _ = try? Polling.wait(for: [CInt](), timeout: Self.pause)
      tries -= 1
    }
    defer { _ = cshm_unlock(directory.descriptor.raw) }
    if let status = directory.status(name), RegionIdentity(status) == identity {
      try? directory.unlink(name)
    }
    removeDirectory(directory)
  }

  /// Takes the directory away where it is nobody's doing but ours; one that was named stays: it may be
  /// shared, and another one of that name would not be. Not empty is no error: others meet here.
  func removeDirectory(_ directory: borrowing RendezvousDirectory) {
    if isOwnDirectory { directory.remove() }
  }

  private func explain(_ error: Errno, _ attempt: String) -> ShmError {
    switch error {
    case .tooManySymbolicLinkLevels, .notDirectory:
      ShmError(
        .notPermitted, attempt, "\(shownDirectory) is not a directory of its own",
        errorNumber: error.rawValue)
    case .permissionDenied:
      ShmError(
        .notPermitted, attempt, "you may not work in \(shownDirectory)",
        remedy: "use a directory that belongs to this user and has mode 0700",
        errorNumber: error.rawValue)
    case .noSuchFileOrDirectory:
      CreationSite.missing(directory.removingLastComponent(), attempt)
    default: ShmError(attempt, error)
    }
  }

  /// Whether it can be made where it is not there.
  private var isMakeable: Bool {
    let parent = directory.removingLastComponent()
    return FileSystem.exists(parent.isEmpty ? "." : parent)
  }

  private var shownDirectory: String { Escaping.printable(directory.bytes) }
}
