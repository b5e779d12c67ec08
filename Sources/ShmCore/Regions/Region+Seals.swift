import CShm
import Glibc
import SystemPackage

extension Region {
  /// Makes a region without a name: a memfd that can be sealed, and be handed on as a descriptor.
  /// memfd_create(2)
  ///
  /// - Parameters:
  ///   - label: what /proc shows for it; it names nothing. 249 bytes at most.
  ///   - size: in bytes.
  ///   - reserve: whether its memory is set aside now.
  /// - Returns: the region, open for reading and writing.
  /// - Throws: `ShmError`: `usage`, `noSpace`.
  public static func anonymous(
    _ label: String, size: Int, reserve: Bool = true
  ) throws(ShmError) -> Region {
    let attempt = "cannot create an anonymous region"
    if size <= 0 { throw ShmError(.usage, attempt, "a region holds one byte at least") }
    if label.utf8.count > 249 || label.utf8.contains(0) {
      throw ShmError(.usage, attempt, "its label must be 249 bytes at most, without NUL")
    }
    let descriptor = try ShmError.saying(attempt) { () throws(Errno) in
      OwnedDescriptor(
        adopting: try SystemCall.checkNegated {
          unsafe label.withCString { unsafe cshm_memfd_create($0, 0) }
        })
    }
    let region = Region(
      .descriptor(process: getpid(), number: descriptor.raw), access: .readWrite,
      descriptor: descriptor)
    let space = SpaceCheck(
      attempt: attempt, place: "memory", fileSystem: try region.fileSystem())
    if reserve { try space.require(size) }
    try ShmError.saying(attempt) { () throws(Errno) in try region.descriptor.truncate(to: size) }
    if reserve {
      try Reservation.reserve(
        0..<size, of: region.descriptor, attempt: attempt,
        explain: { space.refusal(size, errno: $0) }, progress: { _ in })
    }
    return region
  }

  /// The seals of this region; nil for one that cannot have any. fcntl(2), `F_GET_SEALS`
  public func seals() -> Seals? {
    switch reference {
    // The kernel says "seal" of every file on tmpfs; only a memfd has seals of its own.
    case .posix, .file, .systemV: return nil
    case .descriptor: break
    }
    guard let numbers = try? descriptor.seals() else { return nil }
    return Seals(numbers: numbers)
  }

  /// Adds seals. They are never taken off again. fcntl(2), `F_ADD_SEALS`
  ///
  /// - Throws: `ShmError`: `corrupt` for what is no memfd, `busy` for `write` while somebody has
  ///   it mapped for writing, `notPermitted` where it was opened for reading only or is sealed
  ///   against seals.
  public func add(_ seals: Seals) throws(ShmError) {
    let attempt = "cannot seal \(quoted)"
    guard let present = self.seals() else {
      throw ShmError(
        .corrupt, attempt, "only a memfd can be sealed, and this is none",
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
