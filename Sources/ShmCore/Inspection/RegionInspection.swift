/// Everything that can be told about one region at one moment.
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
  /// How many processes may use it without this caller seeing it.
  public let hiddenProcesses: Int

  /// Looks. A region that may not be read is told as far as its status goes.
  ///
  /// - Parameter reference: which region.
  /// - Throws: `ShmError`: what opening it throws, but for `notPermitted`.
  /// - Complexity: linear in the region's pages and in the host's mappings.
  public init(_ reference: RegionReference) throws(ShmError) {
    let region = try Self.open(reference)
    self.reference = reference
    status = try region.status()
    fileSystem = try region.fileSystem()
    if region.access == .status {
      seals = nil
      pages = nil
    } else {
      seals = region.seals()
      pages = try PageCounts(of: region)
    }
    let scan = try RegionUsers.scan(for: [status.identity])
    users = scan.users(of: status.identity)
    hiddenProcesses = scan.hiddenProcesses
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
