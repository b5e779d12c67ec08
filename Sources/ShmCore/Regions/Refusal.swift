import Glibc
import SystemPackage

/// Why the kernel refuses to open, create or remove a file, told from what can be seen of the file,
/// its directories and its mount. EPERM and EACCES have many causes: a cause is named only if it is
/// seen.
struct Refusal {
  private let path: FilePath
  /// What the name led to; nil if nothing was seen.
  private let status: stat?

  /// - Parameters:
  ///   - path: the name that was used.
  ///   - status: what was found there; nil looks now.
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
      return make(error, attempt, "its mode does not allow it", owner(status))
    case .notPermitted: return attribute(of: path, "it", error, attempt) ?? unknown(error, attempt)
    default: return nil
    }
  }

  /// Why nothing can be made in the directory; nil for other errors. open(2), linkat(2)
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
    // shm_unlink(3) makes EACCES of EPERM.
    case .permissionDenied, .notPermitted:
      return closedDirectory(error, attempt) ?? attribute(of: path, "it", error, attempt)
        ?? attribute(of: directory, shown(directory), error, attempt)
        ?? closedForWriting(error, attempt) ?? stickiness(error, attempt) ?? unknown(error, attempt)
    case .resourceBusy:
      let table = MountTable.current()
      let whole = (try? FileSystem.resolved(path)) ?? path
      guard table.mounts.contains(where: { $0.point == whole }) else {
        return make(error, attempt, "the kernel has it in use")
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

  /// The first directory of the path that may not be searched.
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
        error, attempt, "the directory \(shown(directory)) may not be searched",
        owner(try? FileSystem.followedStatus(directory)))
    }
    return nil
  }

  private func closedForWriting(_ error: Errno, _ attempt: String) -> ShmError? {
    let directory = path.directory
    if FileSystem.mayWrite(in: directory) { return nil }
    return make(
      error, attempt, "you may not write in \(shown(directory))",
      owner(try? FileSystem.followedStatus(directory)))
  }

  private func unknown(_ error: Errno, _ attempt: String) -> ShmError {
    make(
      error, attempt,
      "\(error.reason), for a reason that cannot be seen from here (a security module, perhaps)")
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
      ? " (no user of this user namespace)" : ""
    return "it belongs to uid \(status.st_uid)\(unmapped), mode \(mode)"
  }

  private func shown(_ directory: FilePath) -> String { Escaping.printable(directory.bytes) }

  /// What the kernel says for a user that has no number here. proc_sys_kernel(5)
  private static var overflow: UInt32 {
    (try? FileSystem.contents(of: "/proc/sys/kernel/overflowuid"))
      .flatMap { ProcText.lines($0).first }.flatMap { ProcText.decimal($0) }
      .flatMap { UInt32(exactly: $0) } ?? 65534
  }

  /// Whether every user has a number here, as in the first user namespace. user_namespaces(7)
  private static var mapsEveryUser: Bool {
    guard let text = try? FileSystem.contents(of: "/proc/self/uid_map") else { return true }
    let counts = ProcText.lines(text).compactMap { line in
      ProcText.words(line).last.flatMap { ProcText.decimal($0) }
    }
    return counts.reduce(0, +) >= Int(UInt32.max)
  }
}
