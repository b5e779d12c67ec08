public import ShmCore
import SystemPackage

/// Leftover regions: named regions that no visible process uses.
///
/// POSIX objects and files on hugetlbfs. Semaphores are not included, because a semaphore without a user waits
/// for its next user. System V segments are not included, because they have no name: ipcrm(1) removes them.
///
/// ```swift
/// for candidate in try StaleRegions.find(olderThan: .seconds(3600)).candidates {
///   print(candidate.entry.reference?.description ?? "not UTF-8", candidate.age)
/// }
/// ```
public struct StaleRegions: Sendable {
  /// A region that no process is seen to use.
  public struct Candidate: Sendable {
    /// The region.
    public let entry: RegionInventory.Entry
    /// Seconds since it was made or last written, see `RegionStatus.lastChange`.
    public let age: Int

    /// Whether it can be proved that no process uses it, which `remove` does.
    public var isProvable: Bool { entry.use == .unseen }

    /// Removes its name, if it is still that region's and no process uses it at this moment.
    ///
    /// - Returns: `unused` if it was removed; otherwise nothing was done.
    /// - Throws: `ShmError`: `notFound` if the name does not exist or now refers to another region; `notPermitted`.
    public func remove() throws(ShmError) -> RegionUse {
      guard let place = entry.reference else { return .unknown }
      let region = try Region.open(place, access: .status)
      guard try region.status().identity == entry.identity else {
        throw ShmError(
          .notFound, "cannot remove \(place.quoted)", "the name now refers to another region")
      }
      return try region.unlinkIfUnused(afterLook: ())
    }
  }

  /// A region that a killed removal has left under another name, and that was not to be removed, or is
  /// in use.
  public struct Displaced: Sendable {
    /// The region.
    public let entry: RegionInventory.Entry
    /// The bytes of the name that it had.
    public let original: [UInt8]

    /// The original name as text that is safe for a terminal and for one line.
    public var displayName: String { Escaping.printable(original) }

    private let path: FilePath

    fileprivate init?(_ entry: RegionInventory.Entry, _ left: RemovalName) {
      guard let path = entry.reference?.path, let original = left.original else { return nil }
      (self.entry, self.path, self.original) = (entry, path, original)
    }

    /// Gives it its name again.
    ///
    /// - Throws: `ShmError`: `busy` if the name is taken.
    public func restore() throws(ShmError) {
      try Region.putBack(
        path,
        to: FilePath(bytes: path.directory.bytes + [UInt8(ascii: "/")] + original),
        "cannot rename \(Escaping.quoted(entry.name)) back")
    }
  }

  /// The regions, in the order of their names' bytes.
  public let candidates: [Candidate]
  /// The regions that a killed removal has left, which get their names back.
  public let displaced: [Displaced]
  /// The System V segments that no process has attached.
  public let segments: [SystemVSegment]
  /// The sources that could not be read.
  public let unreadable: [RegionInventory.UnreadableSource]

  /// The minimum age in seconds of a region that a removal has left, because another removal may be in progress.
  private static let grace = 2

  /// Inspects the regions of the host and their users. Nothing is changed.
  ///
  /// - Parameter minimum: the minimum age. Regions that were created or written later are omitted.
  /// - Returns: the regions that no visible process uses.
  /// - Throws: `ShmError` if /proc cannot be read.
  /// - Complexity: linear in the mappings and descriptors of the host.
  public static func find(olderThan minimum: Duration = .zero) throws(ShmError) -> StaleRegions {
    let inventory = try RegionInventory.current([])
    let now = Clock.secondsSince1970
    var candidates: [Candidate] = []
    var displaced: [Displaced] = []
    for entry in inventory.entries {
      guard entry.kind == .posix || (entry.kind == .file && entry.hasHugePages),
        !entry.isRemoved, entry.reference != nil, let status = entry.status
      else { continue }
      if let name = entry.reference?.path?.lastComponent,
        let left = RemovalName(parsing: name.bytes)
      {
        guard Clock.age(of: status.changed, now: now) >= grace else { continue }
        if entry.use.isUsed == true || left.inode != entry.identity.inode {
          if let found = Displaced(entry, left) { displaced.append(found) }
          continue
        }
      }
      guard entry.use != .unused, entry.use.isUsed != true else { continue }
      let age = Clock.age(of: status.lastChange, now: now)
      if .seconds(age) >= minimum { candidates.append(Candidate(entry: entry, age: age)) }
    }
    let segments = inventory.entries.compactMap(\.segment).filter { $0.attaches == 0 }
    return StaleRegions(
      candidates: candidates, displaced: displaced, segments: segments,
      unreadable: inventory.unreadable)
  }
}
