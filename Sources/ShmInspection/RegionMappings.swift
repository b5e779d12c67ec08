public import ShmCore
import SystemPackage

/// Every mapping of a region that may be seen.
///
/// ```swift
/// let region = try Region.open(RegionReference("cache"), access: .readOnly)
/// let identity = try region.status().identity
/// let scan = try RegionUsers.scan(for: [identity])
/// let viewers = RegionMappings(of: identity, in: scan)
/// let map = try PageMap(of: region, seenBy: viewers)
/// ```
public struct RegionMappings: Sendable {
  /// The mappings, by process and address.
  public let mappings: [RegionMapping]
  /// Whether `mappings` is complete: every process that maps the region could be inspected.
  public let isComplete: Bool
  /// Whether these mappings have all locks of the region. This is also true if the other processes have no wired
  /// memory.
  public let hasEveryLock: Bool
  let host: HostFacts

  /// Inspects the processes that a scan has found. proc_pid_smaps(5)
  ///
  /// - Parameters:
  ///   - region: which region.
  ///   - scan: a scan that included it.
  ///   - isUnused: whether it is proved that no process uses it.
  /// - Complexity: linear in the pages that these processes have mapped, if it is the first that asks
  ///   `scan` for them; else in the mappings found.
  public init(of region: RegionIdentity, in scan: RegionUsers, isUnused: Bool = false) {
    var found: [RegionMapping] = []
    var isComplete = scan.isComplete || isUnused
    let users = scan.users(of: region).filter { !$0.mappings.isEmpty }
    scan.locks.prepare(users.map(\.process))
    for user in users {
      let now = scan.locks.mappings(of: user.process, like: user.mappings)
      if now == nil, ProcessView.owner(of: user.process) != nil { isComplete = false }
      // Processes and mappings that have ended since the scan are reported as the scan saw them.
      found +=
        now?.isEmpty ?? true
        ? user.mappings.map { RegionMapping(process: user.process, map: $0) }
        : (now ?? []).map { RegionMapping(process: user.process, map: $0.map, smaps: $0) }
    }
    host = scan.host
    mappings = found
    self.isComplete = isComplete
    hasEveryLock = isComplete || (scan.seesEverybody && scan.locks.areAllSeen)
  }

  /// The mappings of one process.
  public func mappings(of process: Int32) -> [RegionMapping] {
    mappings.filter { $0.process == process }
  }
}
