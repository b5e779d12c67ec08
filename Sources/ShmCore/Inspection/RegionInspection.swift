import SystemPackage

/// Everything that can be told about one region at one moment.
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
  /// Its path as the kernel shows it: with ` (deleted)` behind a name that is gone; nil for what may
  /// not be read.
  public let path: [UInt8]?
  /// Sizes, owner, mode.
  public let status: RegionStatus
  /// What it lies on.
  public let fileSystem: MemoryFileSystem
  /// Where that is mounted; nil for memory that no mount shows.
  public let mount: MountTable.Mount?
  /// Its seals; nil for what cannot have any, and for what may not be read.
  public let seals: Seals?
  /// Its pages, run by run; nil for what may not be read.
  public let map: PageMap?
  /// Its pages by state; nil for what may not be read.
  public let pages: PageCounts?
  /// The processes that use it, but for this one.
  public let users: [RegionUser]
  /// Where these have it mapped.
  public let mappings: RegionMappings
  /// Whether anybody uses it, also where it cannot be seen who.
  public let use: RegionUse
  /// Whether `users` are all.
  public let usersComplete: Bool
  /// When that was, in nanoseconds of a clock that only goes forward.
  public let time: Int

  /// Whether its pages are never paged out, wired or not: huge pages of the pool, ramfs, and a tmpfs
  /// mounted `noswap`.
  public let isInherentlyUnswappable: Bool

  /// Looks. A region that may not be read is told as far as its status goes.
  ///
  /// - Parameters:
  ///   - reference: which region.
  ///   - scan: who uses what, by a look that was for it, too; nil looks now.
  ///   - frames: whether the physical frames are looked up.
  /// - Throws: `ShmError`: what opening it throws, but for `notPermitted`.
  /// - Complexity: linear in the region's pages that have memory and in the host's mappings.
  public init(
    _ reference: RegionReference, in scan: RegionUsers? = nil, frames: Bool = false
  ) throws(ShmError) {
    if case .systemV(let identifier) = reference {
      let region = try SystemVSegment.open(identifier)
      let identity = try region.status().identity
      let scan = try RegionUsers.scan(for: [identity])
      let users = scan.users(of: identity).map(\.process)
      try self.init(of: region, scan, users.isEmpty ? .unknown : .used(users), frames: frames)
      return
    }
    // Asked before the region is opened for reading: whoever does counts among its users.
    let looked = try Region.open(reference, access: .status)
    let identity = try looked.status().identity
    let scan = if let scan { scan } else { try RegionUsers.scan(for: [identity]) }
    let use = try RegionUse.of(looked, in: scan)
    let region = try Self.open(reference)
    // The name may have been given to another region in between, of which nothing is known then.
    let isSame = try region.status().identity == identity
    try self.init(of: region, scan, isSame ? use : .unknown, frames: frames)
  }

  /// The mount that its path lies on, or else one of its file system.
  private static func mount(of path: [UInt8]?, _ identity: RegionIdentity) -> MountTable.Mount? {
    let table = MountTable.current()
    guard let path = path.map({ FilePath(String(decoding: $0, as: UTF8.self)) }),
      let status = try? FileSystem.status(path), RegionIdentity(status) == identity
    else { return table.mount(ofDevice: identity.device) }
    return table.mount(of: path)
  }

  /// Looks at an open region, which is closed by that.
  ///
  /// - Parameters:
  ///   - region: the region.
  ///   - scan: a look that was for it, too.
  ///   - use: whether anybody uses it.
  ///   - frames: whether the physical frames are looked up.
  /// - Throws: `ShmError`
  init(
    of region: consuming Region, _ scan: RegionUsers, _ use: RegionUse, frames: Bool
  ) throws(ShmError) {
    reference = region.reference
    status = try region.status()
    fileSystem = try region.fileSystem()
    let identity = status.identity
    isInherentlyUnswappable = fileSystem.isUnswappable(device: identity.device)
    self.use = use
    users = scan.users(of: identity)
    usersComplete = use == .unused || (use != .unknown && scan.isComplete)
    mappings = RegionMappings(of: identity, in: scan, isUnused: use == .unused)
    let shown = try? FileSystem.link(FilePath("/proc/self/fd/\(region.rawDescriptor)"))
    path = shown.map { Array($0.string.utf8) }
    kind =
      if let path { RegionKind(path: path) } else if case .posix = reference { .posix } else {
        .file
      }
    mount = Self.mount(of: path, identity)
    if region.access == .status {
      (seals, map, pages) = (nil, nil, nil)
    } else {
      let map = try PageMap(of: region, seenBy: mappings, frames: frames)
      (seals, self.map, pages) = (region.seals(), map, PageCounts(map, try region.status()))
    }
    time = Clock.nanoseconds
  }

  private static func open(_ reference: RegionReference) throws(ShmError) -> Region {
    do {
      return try Region.open(reference, access: .readOnly)
    } catch {
      guard error.code == .notPermitted else { throw error }
      return try Region.open(reference, access: .status)
    }
  }
}
