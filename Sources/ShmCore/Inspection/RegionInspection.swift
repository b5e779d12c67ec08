/// Everything that can be told about one region at one moment.
///
/// ```swift
/// let inspection = try RegionInspection(RegionReference("cache"))
/// print(inspection.status.size, inspection.users.map(\.process))
/// ```
public struct RegionInspection: Sendable {
  /// How it was named.
  public let reference: RegionReference
  /// Sizes, owner, mode.
  public let status: RegionStatus
  /// What it lies on.
  public let fileSystem: MemoryFileSystem
  /// Its seals; nil for what cannot have any, and for what may not be read.
  public let seals: Seals?
  /// Its pages by state; nil for what may not be read.
  public let pages: PageCounts?
  /// The processes that use it, but for this one.
  public let users: [RegionUser]
  /// Whether anybody uses it, also where it cannot be seen who.
  public let use: RegionUse
  /// Whether `users` are all.
  public let usersComplete: Bool

  /// Looks. A region that may not be read is told as far as its status goes.
  ///
  /// - Parameter reference: which region.
  /// - Throws: `ShmError`: what opening it throws, but for `notPermitted`.
  /// - Complexity: linear in the region's pages and in the host's mappings.
  public init(_ reference: RegionReference) throws(ShmError) {
    self.reference = reference
    (status, fileSystem, seals, pages) = try Self.look(at: try Self.open(reference))
    let scan = try RegionUsers.scan(for: [status.identity])
    users = scan.users(of: status.identity)
    use = try Self.use(reference, status.identity, scan)
    usersComplete = use == .unused || scan.isComplete
  }

  /// Asked by a second opening: one that reads would count itself.
  private static func use(
    _ reference: RegionReference, _ identity: RegionIdentity, _ scan: RegionUsers
  ) throws(ShmError) -> RegionUse {
    let looked = try Region.open(reference, access: .status)
    guard try looked.status().identity == identity else { return .unknown }
    return try RegionUse.of(looked, in: scan)
  }

  /// The region is closed again when this returns.
  private static func look(
    at region: consuming Region
  ) throws(ShmError) -> (RegionStatus, MemoryFileSystem, Seals?, PageCounts?) {
    let mayRead = region.access != .status
    return (
      try region.status(), try region.fileSystem(), mayRead ? region.seals() : nil,
      mayRead ? try PageCounts(of: region) : nil
    )
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
