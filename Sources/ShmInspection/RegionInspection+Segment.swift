import ShmCore
import SystemPackage

extension RegionInspection {
  /// Looks at a System V segment: by the list of its namespace, and through a process that has it
  /// attached if there is one that may be looked into.
  ///
  /// - Parameters:
  ///   - identity: which segment.
  ///   - reference: how it was named.
  ///   - process: a process of its namespace; nil for this one.
  ///   - scan: a look that was for it, too.
  ///   - frames: whether the physical frames are looked up.
  ///   - largest: for up to so many allocated bytes the charges are counted, because it takes time.
  /// - Throws: `ShmError`: `notFound`; `notPermitted` if nothing of it can be known.
  init(
    ofSegment identity: RegionIdentity, named reference: RegionReference,
    attachedBy process: Int32?, _ scan: RegionUsers, frames: Bool,
    chargesUpTo largest: Int
  ) throws(ShmError) {
    let attempt = "cannot look at \(reference.quoted)"
    let table =
      if let process { SystemVSegment.table(seenBy: process) } else {
        try SystemVSegment.table() as [SystemVSegment]?
      }
    let segment = table?.first { UInt64($0.identifier) == identity.inode }
    if table != nil, segment == nil {
      throw ShmError(
        .notFound, attempt, "there is no such segment", remedy: "'ipcs -m' shows those there are")
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
        .notPermitted, attempt, "it belongs to another IPC namespace, which may not be looked into",
        remedy: "ask as root")
    }
    self.init(unopened: segment, identity, named: reference, scan, use, isForeign: process != nil)
  }

  /// What the list of its namespace says.
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
