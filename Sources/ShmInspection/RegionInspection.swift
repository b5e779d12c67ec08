public import ShmCore
import SystemPackage

/// All available information about one region at one moment.
///
/// ```swift
/// let inspection = try RegionInspection(RegionReference("cache"))
/// print(inspection.status.size, inspection.users.map(\.process))
/// ```
public struct RegionInspection: Sendable {
  /// How it was named.
  public let reference: RegionReference
  /// What it is.
  public let kind: RegionKind
  /// Its path as the kernel shows it, with ` (deleted)` after a removed name; nil without permission.
  public let path: [UInt8]?

  /// The path as text that is safe for a terminal and for one line.
  public var displayPath: String? { path.map { Escaping.printable($0) } }

  /// Sizes, owner, mode.
  public let status: RegionStatus
  /// Its file system.
  public let fileSystem: MemoryFileSystem
  /// The mount of the file system; nil for memory without a visible mount.
  public let mount: RegionMount?
  /// What the IPC namespace of a System V segment says of it; nil for anything else, and if that
  /// namespace may not be looked into: mode and owner are unknown then.
  public let segment: SystemVSegment?
  /// Whether it is a segment of another IPC namespace than this process's.
  public let isForeign: Bool
  /// Its seals; nil if it cannot have seals, or without permission.
  public let seals: Seals?
  /// Its pages, run by run; nil without permission.
  public let map: PageMap?
  /// Its pages by state; nil without permission.
  public let pages: PageCounts?
  /// The control groups that are charged for its pages; nil if they may not be seen or were not counted.
  public let charges: PageCharges?
  /// The processes that use it, but for this one.
  public let users: [RegionUser]
  /// The mappings of these users.
  public let mappings: RegionMappings
  /// Whether it is in use, even if the users are not visible.
  public let use: RegionUse
  /// Whether `users` is complete.
  public let usersComplete: Bool
  /// The time of the inspection, in nanoseconds of CLOCK_MONOTONIC.
  public let time: Int

  /// Whether its pages are never paged out, wired or not: huge pages of the pool, ramfs, and a tmpfs
  /// mounted `noswap`.
  public let isInherentlyUnswappable: Bool

  /// Inspects a region. Without read permission, only its status is reported.
  ///
  /// - Parameters:
  ///   - reference: the region.
  ///   - scan: the users of regions, from a scan that covers the region; nil scans now.
  ///   - frames: whether the physical frames are read.
  ///   - largest: the maximum allocated bytes for which charges are counted, because this takes time.
  /// - Throws: `ShmError`: the errors of opening it, except `notPermitted`.
  /// - Complexity: linear in the region's pages that have memory and in the host's mappings.
  public init(
    _ reference: RegionReference, in scan: RegionUsers? = nil, frames: Bool = false,
    chargesUpTo largest: Int = PageCharges.quickly
  ) throws(ShmError) {
    if case .systemV(let identifier) = reference {
      let identity = RegionIdentity(segment: UInt64(identifier), namespace: IPCNamespace.own)
      let scan = if let scan { scan } else { try RegionUsers.scan(for: [identity]) }
      try self.init(
        ofSegment: identity, named: reference, attachedBy: nil, scan, frames: frames,
        chargesUpTo: largest)
      return
    }
    let looked = try Region.open(reference, access: .status)
    let identity = try looked.status().identity
    let scan = if let scan { scan } else { try RegionUsers.scan(for: [identity]) }
    let use = try RegionUse.of(looked, in: scan)
    let region = try Self.open(reference, identity)
    // The name may have been given to another region in between, of which nothing is known then.
    let isSame = try region.status().identity == identity
    var process: Int32?
    if case .descriptor(let owner, _) = reference { process = owner }
    try self.init(
      of: region, scan, isSame ? use : .unknown, seenBy: process, frames: frames,
      chargesUpTo: largest)
  }

  /// Inspects an open region, and closes it.
  ///
  /// - Parameters:
  ///   - region: the region.
  ///   - scan: a process scan that covers the region.
  ///   - use: whether the region is in use.
  ///   - process: a process that shows the mount of its file system; nil to use the users.
  ///   - segment: the identity of a System V segment, and its entry in its namespace; nil for other regions.
  ///   - frames: whether the physical frames are looked up.
  ///   - largest: the maximum allocated bytes for which charges are counted, because this takes time.
  /// - Throws: `ShmError`
  init(
    of region: consuming Region, _ scan: RegionUsers, _ use: RegionUse,
    seenBy process: Int32? = nil,
    segment: (identity: RegionIdentity, found: SystemVSegment?)? = nil, frames: Bool,
    chargesUpTo largest: Int
  ) throws(ShmError) {
    reference = region.reference
    let file = try region.status()
    fileSystem = try region.fileSystem()
    let identity =
      segment.map {
        RegionIdentity(
          segment: $0.identity.inode, namespace: $0.identity.namespace ?? 0,
          device: file.identity.device)
      } ?? file.identity
    self.segment = segment?.found
    isForeign = segment.map { $0.identity.namespace != IPCNamespace.own } ?? false
    // The file of a segment has a mode, an owner and times that are not the segment's.
    status =
      segment.map { segment in
        segment.found.map { RegionStatus($0, identity, pageSize: file.pageSize) }
          ?? file.identified(as: identity)
      } ?? file
    isInherentlyUnswappable = fileSystem.isUnswappable(
      device: file.identity.device, in: scan.host.mounts)
    self.use = use
    users = scan.users(of: identity)
    usersComplete = use == .unused || (use != .unknown && scan.isComplete)
    mappings = RegionMappings(of: identity, in: scan, isUnused: use == .unused)
    let shown = try? FileSystem.link(FilePath("/proc/self/fd/\(region.rawDescriptor)"))
    path = shown.map(\.bytes)
    kind =
      if segment != nil { .systemV } else if let path {
        RegionKind(KernelPath(path), isHidden: nil)
      } else if case .posix(let name) = reference { RegionKind(posixName: name.bytes) } else {
        .file
      }
    // A memfd and shared anonymous memory are on an internal mount of the kernel.
    mount =
      kind.hasName
      ? RegionMount.find(
        of: region, path, file.identity,
        seenBy: ([process].compactMap { $0 }) + users.map(\.process), own: scan.host.mounts)
      : nil
    if region.access == .status {
      (seals, map, pages, charges) = (nil, nil, nil, nil)
    } else {
      let map = try PageMap(of: region, seenBy: mappings, frames: frames)
      (seals, self.map, pages) = (region.seals(), map, PageCounts(map, try region.status()))
      charges =
        status.allocated <= largest ? scan.host.charges(of: region.rawDescriptor) : nil
    }
    time = Clock.nanoseconds
  }

  private static func open(
    _ reference: RegionReference, _ identity: RegionIdentity
  ) throws(ShmError) -> Region {
    // To open a region that is leased would break the lease.
    if LeaseTable.current().holder(of: identity) != nil {
      return try Region.open(reference, access: .status)
    }
    do {
      return try Region.open(reference, access: .readOnly)
    } catch {
      guard error.kind == .notPermitted else { throw error }
      return try Region.open(reference, access: .status)
    }
  }
}
