package import ShmCore

extension RegionInventory {
  /// The regions that can be named, without their proven use: no lease and no lock is taken.
  ///
  /// Files that no process uses are left out, and their directories hold their names.
  ///
  /// - Returns: the regions, in no order.
  /// - Throws: `ShmError` if /proc or /dev/shm cannot be read.
  /// - Complexity: linear in the mappings and descriptors of the host.
  package static func named() throws(ShmError) -> [Entry] {
    var census = RegionCensus(try ProcessScan(.memory), [])
    census.addSegments()
    census.addUnnamed()
    // The named regions that processes map appear in both.
    return try posixObjects().entries
      + census.entries.filter { $0.kind != .posix && $0.kind != .semaphore }
  }
}
