public import ShmCore
import SystemPackage

/// Leftover regions: named regions that no visible process uses.
///
/// POSIX objects, files in folders beside them, and files on hugetlbfs are candidates for removal. Semaphores and System V segments are listed
/// separately, because both may wait for their next user by design.
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
      return try region.unlinkIfUnseen()
    }
  }

  /// Removes the directories that became empty when their regions were removed, and returns their paths.
  ///
  /// - Parameter candidates: the removed regions.
  /// - Returns: the paths of the removed folders.
  package static func removeEmptyFolders(of candidates: [Candidate]) -> [FilePath] {
    var removed: [FilePath] = []
    for folder in Set(candidates.compactMap { $0.entry.reference?.path?.directory }) {
      guard let root = candidates.lazy.compactMap(\.entry.root).first(where: folder.starts),
        folder != root, let parent = try? OpenDirectory(root)
      else { continue }
      let names = folder.components.dropFirst(root.components.count)
      remove(names[...], in: parent, root, &removed)
    }
    return removed
  }

  /// Removes the folders of a path from the innermost on. A folder that is not empty stays.
  private static func remove(
    _ names: Slice<FilePath.ComponentView>, in parent: borrowing OpenDirectory, _ place: FilePath,
    _ removed: inout [FilePath]
  ) {
    guard let first = names.first else { return }
    let (name, path) = (FilePath(root: nil, [first]), place.appending(first))
    guard let folder = try? OpenDirectory(name, in: parent) else { return }
    remove(names.dropFirst(), in: folder, path, &removed)
    if (try? parent.removeDirectory(name)) != nil { removed.append(path) }
  }

  /// A region that an interrupted removal left under a temporary name, and that is in use or was not to be removed.
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
  /// The named semaphores that no process is seen to use. sem_overview(7)
  public let semaphores: [Candidate]
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
    var (candidates, semaphores): ([Candidate], [Candidate]) = ([], [])
    var displaced: [Displaced] = []
    for entry in inventory.entries {
      let isSemaphore = entry.kind == .semaphore
      guard entry.kind == .posix || isSemaphore || (entry.kind == .file && entry.isFoundByName),
        !entry.isRemoved, entry.reference != nil, let status = entry.status
      else { continue }
      if !isSemaphore, let name = entry.reference?.path?.lastComponent,
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
      guard .seconds(age) >= minimum else { continue }
      let candidate = Candidate(entry: entry, age: age)
      if isSemaphore { semaphores.append(candidate) } else { candidates.append(candidate) }
    }
    let segments = inventory.entries.compactMap(\.segment).filter {
      $0.attaches == 0 && .seconds(Clock.age(of: $0.changed, now: now)) >= minimum
    }
    return StaleRegions(
      candidates: candidates, displaced: displaced, semaphores: semaphores, segments: segments,
      unreadable: inventory.unreadable)
  }
}
