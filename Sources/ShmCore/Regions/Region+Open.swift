import CShm
import Glibc
import SystemPackage

extension Region {
  /// Opens an existing region. It is never created, changed or removed by this.
  ///
  /// Symbolic links are not followed, and only regular files are accepted: a FIFO, a socket or a
  /// device at the name is refused, without opening it. shm_open(3), open(2)
  ///
  /// - Parameters:
  ///   - reference: which region; a System V segment cannot be opened.
  ///   - access: what will be done with the contents.
  /// - Returns: the region.
  /// - Throws: `ShmError`: `notFound`, `notPermitted`, `corrupt` for what is no region.
  public static func open(
    _ reference: RegionReference, access: Access = .readWrite
  ) throws(ShmError) -> Region {
    let attempt = "cannot open '\(reference)'"
    guard let path = reference.path else {
      throw ShmError(
        .usage, attempt, "a System V segment can be inspected and listed only")
    }
    // Another process's descriptor is a link by nature; every other link is refused.
    let isDescriptor = if case .descriptor = reference { true } else { false }
    let explain = { (error: Errno) in reference.explain(error, attempt) }

    // Looked at before it is opened: to open a FIFO or a device is to act on it.
    let mode = try ShmError.explaining(explain) { () throws(Errno) in
      isDescriptor
        ? try FileSystem.open(path, cshm_O_PATH).status().st_mode
        : try FileSystem.status(path).st_mode
    }
    try refuseOther(mode, attempt)
    let descriptor = try ShmError.explaining(explain) { () throws(Errno) in
      let flags = access.flags | O_NONBLOCK | (isDescriptor ? 0 : O_NOFOLLOW)
      if case .posix(let name) = reference, access != .status {
        return try FileSystem.openShared(name.sharedMemoryName, flags)
      }
      return try FileSystem.open(path, flags)
    }
    // And again: the name may have been given to something else in between.
    try refuseOther(
      try ShmError.explaining(explain) { () throws(Errno) in try descriptor.status().st_mode },
      attempt)
    return Region(reference, access: access, descriptor: descriptor)
  }

  private static func refuseOther(_ mode: mode_t, _ attempt: String) throws(ShmError) {
    if let other = RegionStatus.kindOfOther(mode) {
      throw ShmError(.corrupt, attempt, "it is \(other), not a region")
    }
  }
}

extension Region.Access {
  /// The flags of open(2).
  var flags: CInt {
    switch self {
    case .status: cshm_O_PATH
    case .readOnly: O_RDONLY
    case .readWrite: O_RDWR
    }
  }
}

extension RegionReference {
  /// Why this reference could not be opened.
  func explain(_ error: Errno, _ attempt: String) -> ShmError {
    func make(_ code: ShmError.Code, _ reason: String, _ remedy: String? = nil) -> ShmError {
      ShmError(code, attempt, reason, remedy: remedy, errorNumber: error.rawValue)
    }
    switch (error, self) {
    case (.noSuchFileOrDirectory, .posix):
      if (try? FileSystem.status(RegionName.directory)) == nil {
        return make(
          .notFound, "there is no \(RegionName.directory)",
          "mount one with 'mount -t tmpfs tmpfs \(RegionName.directory)'")
      }
      return make(.notFound, "there is no such region", "'shmtool list' shows those there are")
    case (.noSuchFileOrDirectory, .descriptor(let process, let number)):
      guard ProcessView.isThere else { return ProcessView.missing(attempt) }
      if (try? FileSystem.status(FilePath("/proc/\(process)"))) == nil {
        return make(.notFound, "there is no process \(process)")
      }
      return make(.notFound, "process \(process) has no descriptor \(number)")
    case (.permissionDenied, .descriptor(let process, _)):
      return make(
        .notPermitted, "process \(process) is not one whose descriptors may be opened",
        "it takes the same user (and ptrace's permission), or CAP_SYS_PTRACE")
    case (.permissionDenied, _):
      return make(.notPermitted, "its mode does not allow it", owner.map { "it belongs to \($0)" })
    case (.tooManySymbolicLinkLevels, _):
      return make(.corrupt, "it is a symbolic link, not a region")
    case (.textFileBusy, _):
      return make(.busy, "it is being executed")
    case (.notPermitted, _):
      return make(.notPermitted, "a seal or an attribute of the file forbids it")
    default:
      return ShmError(attempt, error)
    }
  }

  private var owner: String? {
    guard let path, let status = try? FileSystem.status(path) else { return nil }
    return "uid \(status.st_uid), mode \(String(status.st_mode & 0o7777, radix: 8))"
  }
}
