import Glibc
import SystemPackage

/// Whether there is room, and the sentence if there is not. A sentence that says that more is needed
/// than there is, agrees with its own figures; if the figures allow what the kernel has refused, the
/// sentence says so.
struct SpaceCheck {
  let attempt: String
  let place: String
  let site: RegionRoom.Site
  /// Whether what is asked for can be done without reserved memory.
  var mayBeSparse = true
  /// What the memory is for.
  var purpose = RegionRoom.Purpose()
  /// Whose control groups count; nil for those of this process.
  var process: Int32?

  /// Refuses before anything is charged what cannot succeed: a control group's limit, and a tmpfs that
  /// may grow larger than the machine's memory, end processes instead of refusing the call.
  ///
  /// - Parameters:
  ///   - wanted: the bytes that are asked for.
  ///   - mayExceedMemory: whether these limits are left to the kernel.
  /// - Throws: `ShmError` of kind `noSpace` and the figures.
  func require(_ wanted: Int, mayExceedMemory: Bool = false) throws(ShmError) {
    guard wanted > 0, let room = RegionRoom.at(site, place, purpose, process: process) else {
      return
    }
    try require(wanted, of: room) { !mayExceedMemory || !$0.endsProcesses }
  }

  /// The same for bytes that are written next.
  ///
  /// - Parameters:
  ///   - wanted: the bytes that are written next.
  ///   - isMeant: which limits refuse.
  /// - Returns: the bytes that there is room for after them; nil if no limit is known.
  /// - Throws: `ShmError` of kind `noSpace` and the figures.
  func left(
    after wanted: Int, of isMeant: (RegionRoom.Bound) -> Bool
  ) throws(ShmError) -> Int? {
    guard let room = RegionRoom.at(site, place, purpose) else { return nil }
    try require(wanted, of: room, isMeant: isMeant)
    return room.available.map { max(0, $0 - wanted) }
  }

  private func require(
    _ wanted: Int, of room: RegionRoom, isMeant: (RegionRoom.Bound) -> Bool
  ) throws(ShmError) {
    // A size that is too large the kernel refuses by an error of its own, before it charges anything.
    guard let refusing = room.refusing(wanted, of: { $0 != .fileSize && isMeant($0) }) else {
      return
    }
    throw error(refusing, wanted, errno: refusing.bound.endsProcesses ? .noMemory : .noSpace)
  }

  /// The error for a reservation that the kernel refused, with the figures of this moment.
  ///
  /// - Parameters:
  ///   - wanted: the bytes that were asked for.
  ///   - errno: what the kernel said.
  ///   - isName: whether the call would have made a file or a name.
  /// - Returns: the error, whose figures say what binds, or that they would allow it.
  func refusal(_ wanted: Int, errno: Errno, isName: Bool = false) -> ShmError {
    switch errno {
    case .notSupported, .noFunction: return noReservation(errno)
    case .noSpace, .noMemory, .badAddress, .diskQuotaExceeded: break
    default: return ShmError(attempt, errno)
    }
    // A page of a mapping that cannot be had is told by EFAULT, without a reason.
    let said = errno == .badAddress ? "a page cannot be brought into memory" : errno.reason
    let errno = errno == .badAddress ? Errno.noSpace : errno
    var purpose = purpose
    purpose.isNew = isName
    guard let room = RegionRoom.at(site, place, purpose) else { return ShmError(attempt, errno) }
    if errno == .diskQuotaExceeded {
      // Nothing else says so.
      let quota = room.refusing(wanted) { if case .quota = $0 { true } else { false } }
      return quota.map { error($0, wanted, errno: errno) } ?? unknownQuota(wanted)
    }
    if let refusing = room.refusing(wanted) { return error(refusing, wanted, errno: errno) }
    return disproved(wanted, room, said, errno)
  }

  /// The error for a region of huge pages that the kernel refused, with the pool's figures.
  static func hugePages(
    ofSize pageSize: Int, wanted: Int, _ attempt: String, _ errno: Errno
  ) -> ShmError {
    let check = SpaceCheck(attempt: attempt, place: "memory", site: .memory)
    let room = RegionRoom(
      RegionRoom.hugePages(ofSize: pageSize, ControlGroups()), pageSize: pageSize)
    if let refusing = room.refusing(wanted) { return check.error(refusing, wanted, errno: errno) }
    return check.disproved(wanted, room, errno.reason, errno)
  }

  /// The error where memory cannot be set aside at all.
  private func noReservation(_ errno: Errno) -> ShmError {
    ShmError(
      errno.kind, attempt, "memory cannot be reserved here: \(errno.reason)",
      remedy: mayBeSparse ? .leaveHoles : nil, errorNumber: errno.rawValue)
  }
}

extension Region {
  /// The room where the region lies.
  func space(_ attempt: String, mayBeSparse: Bool = true) throws(ShmError) -> SpaceCheck {
    guard let directory = reference.directory else {
      return SpaceCheck(
        attempt: attempt, place: "its \(try fileSystem().kind)", site: .descriptor(rawDescriptor),
        mayBeSparse: mayBeSparse)
    }
    return SpaceCheck(
      attempt: attempt, place: Escaping.printable(directory.bytes), site: .directory(directory),
      mayBeSparse: mayBeSparse)
  }
}
