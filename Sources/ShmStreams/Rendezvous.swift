import CShm
import Glibc
public import ShmCore
public import SystemPackage

/// The meeting point of the two ends of a stream: a socket in a directory that only this user can access.
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
  ///   - name: the name of the stream.
  ///   - directory: the directory of the socket; nil for `/dev/shm/.shmtool-UID`. A shell, a service and a
  ///     container with the same /dev/shm share this directory.
  /// - Throws: `ShmError` of kind `usage` for an invalid name, or if the path is too long for a socket;
  ///   `system` if the user of this process is unknown.
  public init(_ name: String, directory: FilePath? = nil) throws(ShmError) {
    try self.init(RegionName(name), directory: directory)
  }

  /// The place of a name of any bytes, which need not be UTF-8.
  public init(_ name: RegionName, directory: FilePath? = nil) throws(ShmError) {
    guard let directory = directory ?? Self.ownDirectory else {
      throw ShmError(
        .system, "cannot locate the stream \(name.quoted)",
        "the user ID of this process is unknown",
        remedy: "specify the directory of the stream")
    }
    self.name = name
    self.directory = directory
    let length = path.bytes.count
    guard length <= Self.longestPath else {
      throw ShmError(
        .usage, "\(self.name.quoted) cannot name a stream",
        """
        its length of \(self.name.bytes.count) bytes exceeds the \
        \(max(0, Self.longestPath - length + self.name.bytes.count)) bytes that its directory leaves in the \
        path of a socket
        """)
    }
  }

  /// The longest path of a socket, without its NUL. unix(7)
  static let longestPath = 107

  /// The default directory for streams of this user; nil if the user is unknown.
  static var ownDirectory: FilePath? {
    let user = ProcessView.user
    return user == .max ? nil : RegionName.directory.appending(directoryPrefix + "\(user)")
  }

  /// How the names of the directories begin.
  static let directoryPrefix = ".shmtool-"

  /// The socket's path.
  package var path: FilePath { name.path(in: directory) }

  /// Whether it is the default directory, which is removed when it is empty.
  private var isOwnDirectory: Bool { directory == Self.ownDirectory }

  /// Opens the directory, creates it if it does not exist, and locks it. A process that binds, replaces or removes
  /// a name holds this lock, which ends with the descriptor; see `lock`. mkdir(2), flock(2)
  ///
  /// - Parameters:
  ///   - attempt: the words for errors.
  ///   - clock: how long to wait for another process that holds the lock.
  ///   - interrupt: a descriptor that becomes readable to interrupt the wait.
  /// - Returns: the open directory, which holds the lock.
  /// - Throws: `ShmError`: `notPermitted` if other users can access the directory, `timedOut`, `interrupted`.
  func lockDirectory(
    _ attempt: String, until clock: Deadline = Deadline(after: nil), interrupt: CInt? = nil
  ) throws(ShmError) -> RendezvousDirectory {
    // Another process removed the new, empty directory before it was locked.
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

  /// Creates the directory if it does not exist. Returns whether it created it.
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

  /// Opens the directory; nil if it does not exist. It is not created.
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
          .notPermitted, attempt, "directory \(shownDirectory) is accessible to other users",
          remedy: "use a directory that belongs to this user and has mode 0700")
      }
    }
  }

  /// Waits for the lock of the open directory, but not longer than `patience`. The process that holds it may be
  /// stopped, and would block all streams of this user. Without the lock, a sender can lose its name to another sender
  /// that replaces the same name. It notices that, and one of the two fails with `busy`.
  func lock(
    _ directory: borrowing RendezvousDirectory, _ attempt: String,
    until clock: Deadline = Deadline(after: nil), interrupt: CInt? = nil
  ) throws(ShmError) {
    let failure = StreamFailure(attempt: attempt)
    let patience = Deadline(after: Self.patience)
    while cshm_try_lock(directory.descriptor.raw) != 0, !patience.hasPassed {
      if let limit = clock.passed {
        throw failure.noMeeting("another process held the lock of its directory", limit)
      }
      let ready: [Bool]
      do {
        ready = try Waiter.wait(
          for: interrupt.map { [$0] } ?? [],
          timeout: min(Self.pause, clock.left ?? Self.pause))
      } catch {
        throw ShmError(attempt, error)
      }
      if ready.contains(true) { throw failure.interrupted }
    }
  }

  /// How long to wait for the lock. A process that runs holds it for moments.
  private static var patience: Duration { .seconds(1) }

  /// How long to pause between two tries of the lock.
  private static var pause: Duration { .milliseconds(5) }

  /// Removes the name if it still refers to that socket, and the default directory if it is empty.
  ///
  /// - Parameters:
  ///   - identity: the identity of the socket.
  ///   - directory: the open directory. It is locked during the removal.
  func remove(_ identity: RegionIdentity, under directory: borrowing RendezvousDirectory) {
    try? lock(directory, "cannot remove the stream \(name.quoted)")
    defer { _ = cshm_unlock(directory.descriptor.raw) }
    if let status = directory.status(name), RegionIdentity(status) == identity {
      try? directory.unlink(name)
    }
    removeDirectory(directory)
  }

  /// Removes the directory if it is the default directory. A directory that the caller specified is kept, because
  /// it may be a shared mount. A directory with other streams is not empty and also kept; this is not an error.
  func removeDirectory(_ directory: borrowing RendezvousDirectory) {
    if isOwnDirectory { directory.remove() }
  }

  private func explain(_ error: Errno, _ attempt: String) -> ShmError {
    switch error {
    case .tooManySymbolicLinkLevels, .notDirectory:
      ShmError(
        .notPermitted, attempt, "\(shownDirectory) is not a separate directory",
        errorNumber: error.rawValue)
    case .permissionDenied:
      ShmError(
        .notPermitted, attempt, "no permission to use directory \(shownDirectory)",
        remedy: "use a directory that belongs to this user and has mode 0700",
        errorNumber: error.rawValue)
    case .noSuchFileOrDirectory:
      CreationSite.missing(directory.removingLastComponent(), attempt)
    default: ShmError(attempt, error)
    }
  }

  /// Whether the directory can be created if it does not exist.
  private var isMakeable: Bool {
    let parent = directory.removingLastComponent()
    return FileSystem.exists(parent.isEmpty ? "." : parent)
  }

  /// What to check if the other end did not come.
  var meetingRemedy: Remedy {
    "run both ends as the same user and with the same directory of streams, here \(shownDirectory)"
  }

  private var shownDirectory: String { Escaping.printable(directory.bytes) }
}
