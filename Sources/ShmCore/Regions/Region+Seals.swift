import CShm
import Glibc
import SystemPackage

extension Region {
  /// The seals of this region; nil if it cannot have seals. fcntl(2), `F_GET_SEALS`
  public func seals() -> Seals? {
    // For a file on a tmpfs mount the kernel reports the seal `seal`: it is not a memfd and cannot have seals.
    guard case .descriptor = reference, let numbers = try? descriptor.seals() else { return nil }
    let seals = Seals(numbers: numbers)
    if seals == .seal, let path = reference.path, let link = try? FileSystem.link(path),
      !link.bytes.starts(with: "/memfd:".utf8)
    {
      return nil
    }
    return seals
  }

  /// Adds seals. A seal cannot be removed. fcntl(2), `F_ADD_SEALS`
  ///
  /// - Parameter seals: the seals to add; existing seals stay.
  /// - Throws: `ShmError`: `incompatible` if it is not a memfd, `busy` for `write` while a process has a writable
  ///   mapping, `notPermitted` if it is open read-only or has the seal `seal`.
  public func add(_ seals: Seals) throws(ShmError) {
    let attempt = "cannot seal \(quoted)"
    guard let present = self.seals() else {
      throw ShmError(
        .incompatible, attempt, "not a memfd",
        remedy: "only memfds can be sealed; name one as pid:PID:FD",
        errorNumber: Errno.invalidArgument.rawValue)
    }
    let writable = (try? descriptor.isWritable()) ?? true
    let explain = { (error: Errno) in
      switch error {
      case .notPermitted where present.contains(.seal):
        ShmError(
          .notPermitted, attempt, "the seal 'seal' forbids further seals",
          errorNumber: error.rawValue)
      case .notPermitted where !writable:
        ShmError(
          .notPermitted, attempt, "it is open read-only", errorNumber: error.rawValue)
      case .resourceBusy where seals.contains(.exec) && !seals.contains(.write):
        ShmError(
          .busy, attempt,
          """
          another process has it mapped for writing, and sealing 'exec' on an executable memfd \
          implies 'write'
          """, remedy: "seal it when no process has it mapped for writing",
          errorNumber: error.rawValue)
      case .resourceBusy:
        ShmError(
          .busy, attempt, "another process has it mapped for writing",
          remedy: "the seal 'future-write' allows existing writable mappings",
          errorNumber: error.rawValue)
      default: ShmError(attempt, error)
      }
    }
    do throws(Errno) {
      try descriptor.add(seals: seals.numbers)
    } catch {
      throw explain(error)
    }
  }
}
