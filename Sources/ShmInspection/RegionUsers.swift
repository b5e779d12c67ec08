public import ShmCore

/// The users of regions, by a scan of every process that permits the inspection.
///
/// Processes that could not be inspected are unknown, not absent: see `hiddenProcesses`.
///
/// ```swift
/// let region = try Region.open(RegionReference("cache"), access: .status)
/// let identity = try region.status().identity
/// let scan = try RegionUsers.scan(for: [identity])
/// print(scan.users(of: identity).count, "seen,", scan.hiddenProcesses, "processes hidden")
/// ```
public struct RegionUsers: Sendable {
  private let users: [RegionIdentity: [RegionUser]]
  /// How many processes there are whose mappings may not be read. Processes that a `hidepid` mount
  /// or another container hides are not even counted.
  public let hiddenProcesses: Int
  /// Whether the processes seen are all that there are: not under `hidepid`, and not in a container.
  public let seesEverybody: Bool
  /// The smaps data of the users, read on demand.
  let locks = ProcessLocks()
  /// The facts about the host that inspections with this scan need.
  let host = HostFacts()

  /// Whether all users of a region were found.
  public var isComplete: Bool { seesEverybody && hiddenProcesses == 0 }

  /// Looks at every process but this one. proc_pid_maps(5), proc_pid_fd(5)
  ///
  /// - Parameter wanted: the regions that matter.
  /// - Returns: the users.
  /// - Throws: `ShmError` if /proc cannot be read.
  /// - Complexity: linear in the mappings and descriptors of the host.
  public static func scan(for wanted: Set<RegionIdentity>) throws(ShmError) -> RegionUsers {
    RegionUsers(try ProcessScan(.regions(wanted)))
  }

  /// How long a process may have a region open only to inspect it.
  static var patience: Duration { .milliseconds(250) }

  /// Looks at every process, and looks again while all users of a region may only be inspecting it.
  ///
  /// - Parameters:
  ///   - region: the region.
  ///   - patience: how long to look again.
  /// - Returns: its users. A user may still be an inspecting process if its inspection takes longer than the patience.
  /// - Throws: as `scan(for:)`.
  static func scanAfterInspections(
    of region: RegionIdentity, patience: Duration = patience
  ) throws(ShmError) -> RegionUsers {
    var found = try scan(for: [region])
    // A scan may take long on a busy machine. At least one more follows.
    let deadline = Deadline(after: patience)
    while true {
      let users = found.users(of: region)
      if users.isEmpty || !users.allSatisfy(\.mayInspectOnly) || deadline.hasPassed { return found }
      Waiter.pause(.milliseconds(2))
      found = try scan(for: [region])
    }
  }

  /// The visible processes that use a region now; empty if /proc cannot be read.
  static func processes(using region: RegionIdentity) -> [Int32] {
    (try? scan(for: [region]))?.users(of: region).map(\.process) ?? []
  }

  init(_ scan: ProcessScan) {
    users = scan.sightings.mapValues(\.users)
    hiddenProcesses = scan.hiddenProcesses.count
    seesEverybody = scan.unreadable.isEmpty && ProcessView.isWhole
  }

  /// The users of one region, in the order of their numbers.
  public func users(of region: RegionIdentity) -> [RegionUser] {
    (users[region] ?? []).sorted { $0.process < $1.process }
  }
}
