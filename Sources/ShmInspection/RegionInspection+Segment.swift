import ShmCore
import SystemPackage

extension RegionInspection {
  /// Inspects a System V segment: by the list of its namespace, and through a process that has it attached if such a
  /// process permits it.
  ///
  /// - Parameters:
  ///   - identity: the segment.
  ///   - reference: the reference of the caller.
  ///   - process: a process of its namespace; nil for this process.
  ///   - scan: the users of regions, from a scan that included it.
  ///   - frames: whether the physical frames are read.
  ///   - largest: the maximum allocated bytes for which charges are counted, because this takes time.
  /// - Throws: `ShmError`: `notFound`; `notPermitted` if the segment cannot be inspected.
  init(
    ofSegment identity: RegionIdentity, named reference: RegionReference,
    attachedBy process: Int32?, _ scan: RegionUsers, frames: Bool,
    chargesUpTo largest: Int
  ) throws(ShmError) {
    let attempt = "cannot inspect \(reference.quoted)"
    let table =
      if let process { SystemVSegment.table(seenBy: process) } else {
        try SystemVSegment.table() as [SystemVSegment]?
      }
    let segment = table?.first { UInt64($0.identifier) == identity.inode }
    if table != nil, segment == nil {
      throw ShmError(
        .notFound, attempt, "no such segment", remedy: .listRegions)
    }
    let users = scan.users(of: identity)
    let use: RegionUse =
      users.isEmpty
      ? segment.map { $0.attaches == 0 ? .unused : .used([]) } ?? .unknown
      : .used(users.map(\.process))
    if let region = SystemVSegment.open(identity, reference, attachedBy: users) {
      try self.init(
        of: region, scan, use, segment: (identity, segment), frames: frames,
        chargesUpTo: largest)
      return
    }
    guard let segment else {
      throw ShmError(
        .notPermitted, attempt, "no permission to inspect its IPC namespace",
        remedy: "run as root")
    }
    self.init(unopened: segment, identity, named: reference, scan, use, isForeign: process != nil)
  }

  /// The entry in the list of its namespace.
  private init(
    unopened segment: SystemVSegment, _ identity: RegionIdentity, named reference: RegionReference,
    _ scan: RegionUsers, _ use: RegionUse, isForeign: Bool
  ) {
    let users = scan.users(of: identity)
    let mapping = users.first?.mappings.first
    let isHuge = mapping.map { MemoryMounts.hiddenDevices()[$0.identity.device] == true } ?? false
    self.reference = reference
    self.segment = segment
    isInherentlyUnswappable = isHuge
    self.isForeign = isForeign
    status = RegionStatus(
      segment,
      RegionIdentity(
        segment: identity.inode, namespace: identity.namespace ?? 0,
        device: mapping?.identity.device ?? 0),
      pageSize: PageMath.pageSize)
    fileSystem = MemoryFileSystem(internal: isHuge ? .hugetlbfs : .tmpfs)
    self.use = use
    self.users = users
    usersComplete = use == .unused || scan.isComplete
    mappings = RegionMappings(of: identity, in: scan, isUnused: use == .unused)
    path = mapping?.path
    kind = .systemV
    (mount, seals, map, pages, charges) = (nil, nil, nil, nil, nil)
    time = Clock.nanoseconds
  }
}
