/// What was left behind: regions with a name that no process has mapped or open.
///
/// POSIX objects and files on hugetlbfs, by proof. A semaphore is none, for it waits for its next user
/// by its nature, nor is a System V segment, which has no name: ipcrm(1) removes it.
///
/// ```swift
/// for candidate in try StaleRegions.find(olderThan: 3600).candidates {
///   print(candidate.entry.reference?.description ?? "not UTF-8", candidate.age)
/// }
/// ```
public struct StaleRegions: Sendable {
  /// A region that nobody is seen to use.
  public struct Candidate: Sendable {
    /// The region.
    public let entry: RegionInventory.Entry
    /// Seconds since it was made or written last.
    public let age: Int
    /// Whether it is proved that nobody uses it.
    public let isProved: Bool

    /// Takes its name away, if it is still that region's and nobody uses it at this moment.
    ///
    /// - Returns: `unused` where it was removed; otherwise nothing was done.
    /// - Throws: `ShmError`: `notFound` where the name is gone, or means another region by now;
    ///   `notPermitted`.
    public func remove() throws(ShmError) -> RegionUse {
      guard let place = entry.place else { return .unknown }
      let region = try Region.open(place, access: .status)
      guard try region.status().identity == entry.identity else {
        throw ShmError(.notFound, "cannot remove '\(place)'", "it is another region by now")
      }
      return try region.unlinkIfUnused()
    }
  }

  /// The regions, in the order of their names' bytes.
  public let candidates: [Candidate]
  /// The System V segments that nobody has attached.
  public let segments: [SystemVSegment]

  /// Looks at the regions of the host and who uses them; nothing is changed.
  ///
  /// - Parameter seconds: what was made or written later than so long ago is left out.
  /// - Returns: what nobody is seen to use.
  /// - Throws: `ShmError` where /proc or /dev/shm cannot be read.
  /// - Complexity: linear in the mappings and descriptors of the host.
  public static func find(olderThan seconds: Int = 0) throws(ShmError) -> StaleRegions {
    let inventory = try RegionInventory.current([])
    let now = Clock.secondsSince1970
    let candidates = inventory.entries.compactMap { (entry) -> Candidate? in
      guard entry.kind == .posix || (entry.kind == .file && entry.hasHugePages),
        !entry.isRemoved, entry.place != nil, let status = entry.status,
        entry.use == .unused || entry.use == .unknown
      else { return nil }
      let age = Clock.age(of: max(status.created ?? status.modified, status.modified), now: now)
      return age < seconds
        ? nil : Candidate(entry: entry, age: age, isProved: entry.use == .unused)
    }
    let segments = inventory.entries.compactMap(\.segment).filter { $0.attaches == 0 }
    return StaleRegions(candidates: candidates, segments: segments)
  }
}
