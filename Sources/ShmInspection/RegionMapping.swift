public import ShmCore
import SystemPackage

/// A mapping of a region in a process, with the counts of the kernel. proc_pid_smaps(5)
///
/// ```swift
/// let region = try Region.open(RegionReference("cache"), access: .status)
/// let identity = try region.status().identity
/// let scan = try RegionUsers.scan(for: [identity])
/// for mapping in RegionMappings(of: identity, in: scan).mappings {
///   print(mapping.process, mapping.map.addresses, mapping.figures?.resident ?? -1)
/// }
/// ```
public struct RegionMapping: Hashable, Sendable {
  /// The bytes of one mapping by their state.
  public struct Figures: Hashable, Sendable {
    /// In RAM, and in the process's page tables (`Rss`).
    public let resident: Int
    /// The same, each page divided by the number of those who map it (`Pss`).
    public let proportional: Int
    /// In RAM under a lock: all that is resident of a mapping that carries one.
    public let wired: Int
    /// Copied for this process alone, by stores to a private mapping (`Anonymous`).
    public let copied: Int
    /// Mapped by huge pages (`ShmemPmdMapped`, `FilePmdMapped`).
    public let huge: Int
  }

  /// The process.
  public let process: Int32
  /// The addresses, the protection, and the offset in the region.
  public let map: ProcessMap
  /// The counts of the kernel; nil without permission, or if the process has ended.
  public let figures: Figures?
  /// Whether it is locked: its pages stay in RAM as soon as they are present. nil without permission.
  public let isLocked: Bool?

  init(process: Int32, map: ProcessMap, smaps: SmapsText.Mapping? = nil) {
    self.process = process
    self.map = map
    isLocked = smaps?.isLocked
    figures = smaps.map {
      Figures(
        resident: $0.resident, proportional: $0.proportional,
        wired: $0.isLocked ? $0.resident : 0, copied: map.isShared ? 0 : $0.copied,
        huge: $0.huge)
    }
  }

  /// The address of the byte at an offset of the region; nil if it is not mapped here.
  public func address(of offset: Int) -> UInt64? {
    let (distance, before) = UInt64(clamping: offset).subtractingReportingOverflow(map.offset)
    guard !before, distance < map.addresses.upperBound - map.addresses.lowerBound else {
      return nil
    }
    return map.addresses.lowerBound + distance
  }
}
