import Glibc
import SystemPackage

/// Checks the available room and explains a shortage. An error that reports a shortage is consistent with its
/// own figures. If the figures allow a size that the kernel refused, the error says so.
struct SpaceCheck {
  let attempt: String
  let place: String
  let site: RegionRoom.Site
  /// Whether the operation is possible without reserved memory.
  var mayBeSparse = true
  /// The purpose of the memory.
  var purpose = RegionRoom.Purpose()
  /// Whose control groups count; nil for those of this process.
  var process: Int32?

  /// Refuses a size that cannot succeed before any memory is charged. At the limit of a control group, or if a
  /// tmpfs is larger than the memory of the machine, the kernel ends processes instead of refusing the call.
  ///
  /// - Parameters:
  ///   - wanted: the requested bytes.
  ///   - mayExceedMemory: whether to skip these limits.
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
  ///   - isMeant: the limits to check.
  /// - Returns: the bytes that are available after them; nil if no limit is known.
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
    // The kernel refuses a size that is too large with a specific error, before it charges memory.
    guard let refusing = room.refusing(wanted, of: { $0 != .fileSize && isMeant($0) }) else {
      return
    }
    throw error(refusing, wanted, errno: refusing.bound.endsProcesses ? .noMemory : .noSpace)
  }

  /// The error for a reservation that the kernel refused, with the figures of this moment.
  ///
  /// - Parameters:
  ///   - wanted: the requested bytes.
  ///   - errno: the error number of the call.
  ///   - isName: whether the call would have created a file or a name.
  /// - Returns: the error with the limit that refuses, or with figures that would allow the size.
  func refusal(_ wanted: Int, errno: Errno, isName: Bool = false) -> ShmError {
    switch errno {
    case .notSupported, .noFunction: return noReservation(errno)
    case .noSpace, .noMemory, .badAddress, .diskQuotaExceeded: break
    default: return ShmError(attempt, errno)
    }
    // If a page of a mapping cannot be allocated, the kernel returns EFAULT without a reason.
    let said = errno == .badAddress ? "no memory for a page" : errno.reason
    let errno = errno == .badAddress ? Errno.noSpace : errno
    var purpose = purpose
    purpose.isNew = isName
    guard let room = RegionRoom.at(site, place, purpose) else { return ShmError(attempt, errno) }
    if errno == .diskQuotaExceeded {
      // Only a quota causes EDQUOT.
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

  /// The error if the file system does not support reservation.
  private func noReservation(_ errno: Errno) -> ShmError {
    ShmError(
      errno.kind, attempt, "memory cannot be reserved: \(errno.reason)",
      remedy: mayBeSparse ? .leaveHoles : nil, errorNumber: errno.rawValue)
  }
}

extension Region {
  /// The room on the file system of the region.
  func spaceCheck(_ attempt: String, mayBeSparse: Bool = true) throws(ShmError) -> SpaceCheck {
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
