import Glibc
import SystemPackage

/// Why the kernel refuses to open, create or remove a file. The cause is derived from the file, its directories
/// and its mount. EPERM and EACCES have many causes, so a cause is reported only if there is evidence.
struct Refusal {
  private let path: FilePath
  /// The status of the file; nil if it could not be read.
  private let status: stat?

  /// - Parameters:
  ///   - path: the name that was used.
  ///   - status: the status of the file; nil reads it now.
  init(of path: FilePath, found status: stat? = nil) {
    self.path = path
    self.status = status ?? (try? FileSystem.status(path))
  }

  /// Why the name cannot be looked up; nil for other errors. path_resolution(7)
  func reaching(_ error: Errno, _ attempt: String) -> ShmError? {
    guard error == .permissionDenied || error == .notPermitted else { return nil }
    return closedDirectory(error, attempt) ?? unknown(error, attempt)
  }

  /// Why the file, which was found, cannot be opened; nil for other errors. open(2)
  func opening(_ error: Errno, _ attempt: String, isReadOnly: Bool) -> ShmError? {
    switch error {
    case .permissionDenied:
      let mayOpen = FileSystem.mayRead(path) && (isReadOnly || FileSystem.mayWrite(path))
      if mayOpen { return unknown(error, attempt) }
      return make(error, attempt, "its mode denies permission", owner(status))
    case .notPermitted: return attribute(of: path, "it", error, attempt) ?? unknown(error, attempt)
    default: return nil
    }
  }

  /// Why a file cannot be created in the directory; nil for other errors. open(2), linkat(2)
  func creating(_ error: Errno, _ attempt: String) -> ShmError? {
    let directory = path.directory
    switch error {
    case .permissionDenied, .notPermitted:
      return closedDirectory(error, attempt)
        ?? attribute(of: directory, shown(directory), error, attempt)
        ?? closedForWriting(error, attempt) ?? unknown(error, attempt)
    default: return nil
    }
  }

  /// Why the name cannot be removed; nil for other errors. unlink(2)
  func removing(_ error: Errno, _ attempt: String) -> ShmError? {
    let directory = path.directory
    switch error {
    // shm_unlink(3) turns EPERM into EACCES.
    case .permissionDenied, .notPermitted:
      return closedDirectory(error, attempt) ?? attribute(of: path, "it", error, attempt)
        ?? attribute(of: directory, shown(directory), error, attempt)
        ?? closedForWriting(error, attempt) ?? stickiness(error, attempt) ?? unknown(error, attempt)
    case .resourceBusy:
      let table = MountTable.current()
      let whole = (try? FileSystem.resolved(path)) ?? path
      guard table.mounts.contains(where: { $0.point == whole }) else {
        return make(error, attempt, "it is in use by the kernel")
      }
      return make(error, attempt, "another file is mounted on it")
    default: return nil
    }
  }

  /// chattr(1)
  private func attribute(
    of path: FilePath, _ subject: String, _ error: Errno, _ attempt: String
  ) -> ShmError? {
    guard let attributes = FileSystem.attributes(path) else { return nil }
    if attributes.isImmutable {
      return make(error, attempt, "\(subject) is immutable (attribute 'i' of chattr)")
    }
    if attributes.isAppendOnly {
      return make(error, attempt, "\(subject) is append-only (attribute 'a' of chattr)")
    }
    return nil
  }

  private func stickiness(_ error: Errno, _ attempt: String) -> ShmError? {
    let directory = path.directory
    guard let status, let parent = try? FileSystem.followedStatus(directory),
      parent.st_mode & S_ISVTX != 0, status.st_uid != geteuid(), parent.st_uid != geteuid()
    else { return nil }
    return make(
      error, attempt,
      """
      \(shown(directory)) is a sticky directory: only the owner of the file, the owner of the \
      directory, or a process with CAP_FOWNER may remove it
      """, owner(status))
  }

  /// The error for the first directory of the path without search permission.
  private func closedDirectory(_ error: Errno, _ attempt: String) -> ShmError? {
    var ancestors: [FilePath] = []
    var directory = path.directory
    while true {
      ancestors.append(directory)
      let next = directory.removingLastComponent()
      if next == directory || next.isEmpty { break }
      directory = next
    }
    for directory in ancestors.reversed() where !FileSystem.maySearch(directory) {
      return make(
        error, attempt, "no permission to search directory \(shown(directory))",
        owner(try? FileSystem.followedStatus(directory)))
    }
    return nil
  }

  private func closedForWriting(_ error: Errno, _ attempt: String) -> ShmError? {
    let directory = path.directory
    if FileSystem.mayWrite(in: directory) { return nil }
    return make(
      error, attempt, "no permission to write in directory \(shown(directory))",
      owner(try? FileSystem.followedStatus(directory)))
  }

  private func unknown(_ error: Errno, _ attempt: String) -> ShmError {
    make(
      error, attempt,
      "\(error.reason) for an unknown reason (possibly a security module)")
  }

  private func make(
    _ error: Errno, _ attempt: String, _ reason: String, _ remedy: Remedy? = nil
  ) -> ShmError {
    ShmError(error.kind, attempt, reason, remedy: remedy, errorNumber: error.rawValue)
  }

  private func owner(_ status: stat?) -> Remedy? {
    guard let status else { return nil }
    let mode = String(status.st_mode & 0o7777, radix: 8)
    let unmapped =
      status.st_uid == Self.overflow && !Self.mapsEveryUser
      ? " (not mapped in this user namespace)" : ""
    return "it belongs to uid \(status.st_uid)\(unmapped), mode \(mode)"
  }

  private func shown(_ directory: FilePath) -> String { Escaping.printable(directory.bytes) }

  /// The user ID that the kernel reports for a user that is not mapped in this namespace. proc_sys_kernel(5)
  private static var overflow: UInt32 {
    (try? FileSystem.contents(of: "/proc/sys/kernel/overflowuid"))
      .flatMap { ProcText.lines($0).first }.flatMap { ProcText.decimal($0) }
      .flatMap { UInt32(exactly: $0) } ?? 65534
  }

  /// Whether every user is mapped here, as in the initial user namespace. user_namespaces(7)
  private static var mapsEveryUser: Bool {
    guard let text = try? FileSystem.contents(of: "/proc/self/uid_map") else { return true }
    let counts = ProcText.lines(text).compactMap { line in
      ProcText.words(line).last.flatMap { ProcText.decimal($0) }
    }
    return counts.reduce(0, +) >= Int(UInt32.max)
  }
}
