import CShm
import Glibc
public import ShmCore
import SystemPackage

extension SystemVSegment {
  /// The segment of an identifier in the IPC namespace of this process.
  ///
  /// - Parameter identifier: the number that shmget(2) returned.
  /// - Returns: the segment.
  /// - Throws: `ShmError` of kind `notFound`, and the error of reading the kernel's list. proc_sysvipc(5)
  /// - Complexity: linear in the segments.
  public static func named(_ identifier: Int32) throws(ShmError) -> SystemVSegment {
    guard let segment = try table().first(where: { $0.identifier == identifier }) else {
      throw ShmError(
        .notFound, "cannot open 'sysv:\(identifier)'", "no such segment", remedy: .listRegions)
    }
    return segment
  }

  /// Marks the segment for destruction: its memory is freed when no process has it attached any more. shmctl(2),
  /// `IPC_RMID`
  ///
  /// The kernel takes an identifier only, and reuses identifiers. The segment is therefore compared with the kernel's
  /// list immediately before the call: key, creator and time of creation must be the same.
  ///
  /// - Parameter ifUnattached: whether to do nothing if a process has it attached. A process may attach the segment
  ///   between this check and the removal; it then keeps its memory until it detaches.
  /// - Returns: `unused` if no process had it attached, otherwise `used`, without processes because the list does not
  ///   name them.
  /// - Throws: `ShmError`: `notFound` if it was removed in the meantime, `notPermitted` if it belongs to another user.
  @discardableResult
  public func remove(ifUnattached: Bool = false) throws(ShmError) -> RegionUse {
    let attempt = "cannot remove 'sysv:\(identifier)'"
    let current = try SystemVSegment.table().first { $0.identifier == identifier }
    guard let current, isSame(as: current) else {
      throw ShmError(.notFound, attempt, "it was removed in the meantime")
    }
    if ifUnattached, current.attaches > 0 { return .used([]) }
    let result = cshm_remove_segment(identifier)
    switch Errno(rawValue: -result) {
    case _ where result == 0: return current.attaches == 0 ? .unused : .used([])
    case .notPermitted, .permissionDenied:
      throw ShmError(
        .notPermitted, attempt, "it belongs to uid \(owner)", remedy: "run as that user or as root",
        errorNumber: -result)
    case .invalidArgument, .identifierRemoved:
      throw ShmError(.notFound, attempt, "it was removed in the meantime", errorNumber: -result)
    case let error: throw ShmError(attempt, error)
    }
  }

  /// Whether another entry of the list is this segment. `IPC_SET` changes shm_ctime, so a later time does not prove
  /// that the segment is another one.
  private func isSame(as other: SystemVSegment) -> Bool {
    // A segment that is marked for destruction has no key any more.
    (key == other.key || other.isRemoved) && creator == other.creator && size == other.size
      && other.changed >= changed
  }
}
