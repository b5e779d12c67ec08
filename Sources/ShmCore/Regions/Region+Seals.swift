import CShm
import Glibc
import SystemPackage

extension Region {
  /// The seals of this region; nil for one that cannot have any. fcntl(2), `F_GET_SEALS`
  public func seals() -> Seals? {
    // Of a file with a name the kernel says that it is sealed against seals: it is no memfd, and
    // never could have any.
    guard case .descriptor = reference, let numbers = try? descriptor.seals() else { return nil }
    let seals = Seals(numbers: numbers)
    if seals == .seal, let path = reference.path, let link = try? FileSystem.link(path),
      !link.bytes.starts(with: "/memfd:".utf8)
    {
      return nil
    }
    return seals
  }

  /// Adds seals. They are never taken off again. fcntl(2), `F_ADD_SEALS`
  ///
  /// - Throws: `ShmError`: `incompatible` for what is no memfd, `busy` for `write` while somebody has
  ///   it mapped for writing, `notPermitted` where it was opened for reading only or is sealed
  ///   against seals.
  public func add(_ seals: Seals) throws(ShmError) {
    let attempt = "cannot seal \(quoted)"
    guard let present = self.seals() else {
      throw ShmError(
        .incompatible, attempt, "only a memfd can be sealed, and this is none",
        remedy: "name a memfd by pid:PID:FD", errorNumber: Errno.invalidArgument.rawValue)
    }
    let writable = (try? descriptor.isWritable()) ?? true
    let explain = { (error: Errno) in
      switch error {
      case .notPermitted where present.contains(.seal):
        ShmError(
          .notPermitted, attempt, "it is sealed against further seals",
          errorNumber: error.rawValue)
      case .notPermitted where !writable:
        ShmError(
          .notPermitted, attempt, "it is open for reading only", errorNumber: error.rawValue)
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
          .busy, attempt, "somebody has it mapped for writing",
          remedy: "the seal 'future-write' does not mind", errorNumber: error.rawValue)
      default: ShmError(attempt, error)
      }
    }
    try ShmError.explaining(explain) { () throws(Errno) in
      try descriptor.add(seals: seals.numbers)
    }
  }
}
