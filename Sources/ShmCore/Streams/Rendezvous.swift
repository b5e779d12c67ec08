import CShm
import Glibc
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
  /// - Throws: `ShmError` with code `usage` for a name that is none, or with which the path is longer
  ///   than a socket's may be.
  public init(_ name: String, directory: FilePath? = nil) throws(ShmError) {
    self.name = try RegionName(name)
    self.directory = directory ?? Self.ownDirectory
    let length = path.string.utf8.count
    guard length <= 107 else {
      throw ShmError(
        .usage, "'\(self.name)' cannot name a stream",
        """
        it has \(self.name.bytes.count) bytes, and beside its directory there is room for \
        \(max(0, 107 - length + self.name.bytes.count))
        """)
    }
  }

  /// Where streams of this user meet, unless another directory is named.
  private static var ownDirectory: FilePath {
    RegionName.directory.appending(directoryPrefix + "\(geteuid())")
  }

  /// How the names of the directories begin.
  static let directoryPrefix = ".shmtool-"

  /// The socket's path.
  var path: FilePath { name.path(in: directory) }

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
    _ attempt: String, until clock: StreamClock = StreamClock(nil), interrupt: CInt? = nil
  ) throws(ShmError) -> OwnedDescriptor {
    let failure = StreamFailure(attempt: attempt)
    while true {
      let descriptor = try openDirectory(attempt)
      while cshm_try_lock(descriptor.raw) != 0 {
        if let limit = clock.passed {
          throw failure.noMeeting(
            "another process has its directory locked, and did not end", limit)
        }
        let ready = try ShmError.saying(attempt) { () throws(Errno) in
          try Polling.wait(
            for: interrupt.map { [$0] } ?? [],
            milliseconds: min(Self.pause, clock.left ?? Self.pause))
        }
        if ready.contains(true) { throw failure.interrupted }
      }
      let isCurrent = try ShmError.saying(attempt) { () throws(Errno) in
        // The one who had the lock may have removed the directory when it was empty.
        let open = try descriptor.status()
        let named = try? FileSystem.status(directory)
        return named?.st_ino == open.st_ino && named?.st_dev == open.st_dev
      }
      if isCurrent { return descriptor }
    }
  }

  /// How long to pause between two tries of the lock, in milliseconds: it is held for moments.
  private static var pause: Int { 5 }

  /// Takes the name away, if it is still that socket's, and our own directory if it is empty.
  ///
  /// - Parameters:
  ///   - identity: the socket's.
  ///   - directory: the open directory, which is locked meanwhile.
  func remove(_ identity: RegionIdentity, under directory: borrowing OwnedDescriptor) {
    // Whoever has it may be stopped: the name must go all the same.
    var tries = 200
    while cshm_try_lock(directory.raw) != 0, tries > 0 {
      _ = try? Polling.wait(for: [CInt](), milliseconds: Self.pause)
      tries -= 1
    }
    defer { _ = cshm_unlock(directory.raw) }
    if let status = try? FileSystem.status(path), RegionIdentity(status) == identity {
      try? FileSystem.unlink(path)
    }
    removeDirectory()
  }

  /// Takes the directory away where it is nobody's doing but ours; one that was named stays: it may be
  /// shared, and another one of that name would not be. Not empty is no error: others meet here.
  func removeDirectory() {
    if directory == Self.ownDirectory { try? FileSystem.removeDirectory(directory) }
  }

  private func openDirectory(_ attempt: String) throws(ShmError) -> OwnedDescriptor {
    let descriptor = try ShmError.explaining({ self.explain($0, attempt) }) {
      () throws(Errno) -> OwnedDescriptor in
      let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW
      // Made, and gone again before it was opened: whoever removes it does so once it is empty.
      for _ in 0..<1000 {
        do throws(Errno) {
          return try FileSystem.open(directory, flags)
        } catch .noSuchFileOrDirectory {
          do throws(Errno) {
            try FileSystem.makeDirectory(directory, mode: 0o700)
            // The umask may have taken our own rights away.
            try FileSystem.changeMode(directory, to: 0o700)
          } catch .fileExists {
          } catch .noSuchFileOrDirectory {
            guard isMakeable else { throw .noSuchFileOrDirectory }
          }
        }
      }
      throw .resourceBusy
    }
    try check(ShmError.saying(attempt) { () throws(Errno) in try descriptor.status() }, attempt)
    return descriptor
  }

  /// Says beforehand that nobody can ever be met here.
  ///
  /// - Throws: `ShmError`: `notPermitted` for a directory that is not this user's alone, `notFound`
  ///   where none can be made.
  func checkDirectory(_ attempt: String) throws(ShmError) {
    let status: stat
    do {
      status = try FileSystem.status(directory)
    } catch {
      if error == .noSuchFileOrDirectory, isMakeable { return }
      throw explain(error, attempt)
    }
    guard status.st_mode & S_IFMT == S_IFDIR else { throw explain(.notDirectory, attempt) }
    try check(status, attempt)
  }

  private func check(_ status: stat, _ attempt: String) throws(ShmError) {
    guard status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
      throw ShmError(
        .notPermitted, attempt, "\(shownDirectory) is not this user's alone",
        remedy: "name another with SHMTOOL_DIR")
    }
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
        remedy: "name another with SHMTOOL_DIR", errorNumber: error.rawValue)
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

  private var shownDirectory: String { Escaping.printable(directory.string) }
}
