import CShm
import Glibc
import SystemPackage

extension Region {
  /// Opens an existing region. This never creates, changes or removes a region.
  ///
  /// Symbolic links are not followed, and only regular files are accepted: a FIFO, a socket or a
  /// device at the name is refused, without opening it. For writing only shared memory is opened: a file
  /// on any other file system is refused before that. shm_open(3), open(2)
  ///
  /// - Parameters:
  ///   - reference: which region; a System V segment cannot be opened.
  ///   - access: the intended use of the contents.
  /// - Returns: the region.
  /// - Throws: `ShmError`: `notFound`, `notPermitted`; `notSharedMemory` if it is not a regular file, or if it is
  ///   not shared memory and `access` is `readWrite`.
  public static func open(
    _ reference: RegionReference, access: Access = .readWrite
  ) throws(ShmError) -> Region {
    let attempt = "cannot open \(reference.quoted)"
    guard let path = reference.path else {
      throw ShmError(
        .usage, attempt, "a System V segment can only be listed, inspected and removed")
    }
    // Another process's descriptor is a link by nature; every other link is refused.
    let isDescriptor = if case .descriptor = reference { true } else { false }
    let explain = { (error: Errno) in reference.explain(error, attempt) }

    // The checked file must be the opened file. If the name refers to another file in between, this retries.
    for _ in 0..<100 {
      // Opening a FIFO or a device has side effects; O_PATH has none.
      let found: OwnedDescriptor
      do {
        found = try FileSystem.open(path, cshm_O_PATH | (isDescriptor ? 0 : O_NOFOLLOW))
      } catch {
        throw explain(error)
      }
      let status: stat
      do { status = try found.status() } catch { throw explain(error) }
      try refuseOther(status.st_mode, attempt)
      if access == .status { return Region(reference, access: access, descriptor: found) }
      if access == .readWrite { try SharedMemory.require(found, attempt, status: status) }
      do throws(Errno) {
        if let descriptor = try reopen(found, RegionIdentity(status), reference, path, access) {
          return Region(reference, access: access, descriptor: descriptor)
        }
      } catch {
        let refusal = Refusal(of: path, found: status)
        throw refusal.opening(error, attempt, isReadOnly: access == .readOnly)
          ?? explain(error)
      }
    }
    throw ShmError(.busy, attempt, "its name keeps changing to other files")
  }

  /// Opens the file of `found` through /proc, which cannot lead to another file. Without /proc it
  /// opens it by its name, which can refer to another file by now. proc(5), shm_open(3)
  ///
  /// - Returns: the descriptor; nil if the name refers to another file.
  private static func reopen(
    _ found: borrowing OwnedDescriptor, _ identity: RegionIdentity, _ reference: RegionReference,
    _ path: FilePath, _ access: Access
  ) throws(Errno) -> OwnedDescriptor? {
    let flags = access.flags | O_NONBLOCK
    do throws(Errno) {
      return try FileSystem.open(FilePath("/proc/self/fd/\(found.raw)"), flags)
    } catch {
      guard error == .noSuchFileOrDirectory else { throw error }
    }
    let descriptor =
      if case .posix(let name) = reference {
        try FileSystem.openShared(name.sharedMemoryName, flags)
      } else {
        try FileSystem.open(path, flags | O_NOFOLLOW)
      }
    if try RegionIdentity(descriptor.status()) == identity { return descriptor }
    return nil
  }

  private static func refuseOther(_ mode: mode_t, _ attempt: String) throws(ShmError) {
    if let other = RegionStatus.kindOfOther(mode) {
      throw ShmError(.notSharedMemory, attempt, "it is \(other), not a region")
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
    func make(_ kind: ShmError.Kind, _ reason: String, _ remedy: Remedy? = nil) -> ShmError {
      ShmError(kind, attempt, reason, remedy: remedy, errorNumber: error.rawValue)
    }
    switch (error, self) {
    case (.noSuchFileOrDirectory, .posix):
      if (try? FileSystem.status(RegionName.directory)) == nil {
        return make(
          .notFound, "directory \(RegionName.directory) does not exist",
          "mount a tmpfs with 'mount -t tmpfs tmpfs \(RegionName.directory)'")
      }
      return make(.notFound, "no such region", .listRegions)
    case (.noSuchFileOrDirectory, .descriptor(let process, let number)):
      guard ProcessView.isThere else { return ProcessView.missing(attempt) }
      if (try? FileSystem.status(FilePath("/proc/\(process)"))) == nil {
        return make(.notFound, "process \(process) does not exist")
      }
      return make(.notFound, "process \(process) has no descriptor \(number)")
    case (.permissionDenied, .descriptor(let process, _)):
      return make(
        .notPermitted, "permission to open descriptors of process \(process) was denied",
        "run as the same user with permission to ptrace it, or with CAP_SYS_PTRACE")
    case (.noSuchAddressOrDevice, .descriptor) where isSecretMemory:
      return make(
        .notSharedMemory,
        "it is secret memory (memfd_secret), which other processes cannot open and the kernel never swaps"
      )
    case (.tooManySymbolicLinkLevels, _):
      return make(.notSharedMemory, "it is a symbolic link, not a region")
    case (.resourceTemporarilyUnavailable, _):
      return make(.busy, LeaseTable.reason(path), "try again after the lease is released")
    case (.textFileBusy, _):
      return make(.busy, "it is being executed")
    default:
      return path.flatMap { Refusal(of: $0).reaching(error, attempt) } ?? ShmError(attempt, error)
    }
  }

  /// Whether it is secret memory, which is not mapped in the kernel's page tables. memfd_secret(2)
  private var isSecretMemory: Bool {
    path.flatMap { try? FileSystem.link($0) }.map { $0.string.hasPrefix("/secretmem") } ?? false
  }
}
