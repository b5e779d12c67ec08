import ShmCore
import ShmInspection

/// The regions that no visible process uses, and what was done with them.
struct StaleReport: Report {
  /// A region, or the socket of a stream.
  struct Row: Encodable {
    let region: RawText
    let kind: String
    /// Null for a stream.
    let size: Unknowable<Int>
    let allocated: Int
    let ageSeconds: Int
    /// Whether it is proven that no process uses it: null if not tried, false if it cannot be proven or a process uses
    /// it.
    var proved: Unknowable<Bool>
    var removed = false
    /// Whether a process uses it: true if the removal found one, false if it is proven that none does.
    var used: Unknowable<Bool> = Unknowable(nil)
    let identity: RegionIdentity?
    /// How many names the region has.
    let links: Int

    enum CodingKeys: CodingKey {
      case region, kind, size, allocated, ageSeconds, proved, removed, used, links
    }

    /// Whether it is a candidate for removal.
    var isCandidate: Bool { proved.value != false }
  }

  /// The socket of a killed sender of another user, which only that user, or root as that user, may remove.
  struct Stream: Encodable {
    let region: RawText
    let owner: RawText
  }

  /// An empty directory of this user's streams, or a folder whose last region was removed.
  struct Directory: Encodable {
    enum Kind: String, Encodable {
      case streams, regions
    }

    let path: RawText
    let kind: Kind
    let removed: Bool
  }

  /// A region that a killed removal left under a temporary name.
  struct Restored: Encodable {
    let region: RawText
    /// Its former name, which it has again unless this is a dry run.
    let name: RawText
  }

  let action = "remove"
  let dryRun: Bool
  var regions: [Row] = []
  var restored: [Restored] = []
  var streamsOfOthers: [Stream] = []
  var directories: [Directory] = []
  /// The semaphores that no process was seen to use. They are kept, because they may wait for their next user.
  let semaphores: [RawText]
  /// The System V segments that no process has attached. They are kept for the same reason.
  let segments: [Int32]
  /// The unreadable sources.
  let unreadable: [ListReport.Unreadable]
  /// The minimum age in seconds.
  var olderThanSeconds = 0
  /// The freed bytes of memory. A region with several names counts once, and only if its last name is removed.
  private(set) var frees = 0

  init(
    dryRun: Bool, semaphores: [RawText], segments: [Int32],
    unreadable: [RegionInventory.UnreadableSource],
    olderThanSeconds: Int
  ) {
    self.dryRun = dryRun
    self.semaphores = semaphores
    self.segments = segments
    self.unreadable = unreadable.map { .init($0) }
    self.olderThanSeconds = olderThanSeconds
  }

  enum CodingKeys: CodingKey {
    case action, dryRun, regions, restored, streamsOfOthers, directories, semaphores, segments
    case unreadable, olderThanSeconds, frees
  }

  /// Counts the freed bytes, after all rows were added.
  mutating func count() {
    var names: [RegionIdentity: Int] = [:]
    frees = 0
    for row in regions where dryRun ? row.isCandidate : row.removed {
      guard let identity = row.identity else { continue }
      names[identity, default: 0] += 1
      if names[identity] == row.links { frees += row.allocated }
    }
  }

  func text(_ style: TextStyle) -> String {
    let stale = regions.filter { dryRun ? $0.isCandidate : $0.removed }
    var text = ""
    for row in stale {
      let what = row.size.value.map { Format.size($0, style) } ?? "left by a killed sender"
      text += """
        \(dryRun ? "would remove" : "removed") \(row.region.quoted), \(what), \
        \(Format.age(row.ageSeconds)) old

        """
    }
    for directory in directories {
      text += """
        \(dryRun ? "would remove" : "removed") \(directory.path.quoted), an empty \
        \(directory.kind == .streams ? "stream directory" : "directory")

        """
    }
    for row in restored {
      text +=
        "\(dryRun ? "would rename" : "renamed") \(row.region.quoted) back to \(row.name.quoted)\n"
    }
    let used = regions.filter { $0.used.value == true }
    for row in used { text += "kept \(row.region.quoted): a process uses it\n" }
    if stale.isEmpty && restored.isEmpty && used.isEmpty && directories.isEmpty {
      text +=
        "no unused regions"
        + (olderThanSeconds > 0 ? " older than \(Format.age(olderThanSeconds))\n" : "\n")
    } else if dryRun {
      text += """
        nothing was removed; --yes removes these regions if they are proven unused, which frees \
        \(Format.size(frees, style))

        """
    }
    let unknown = regions.filter { !$0.isCandidate && $0.used.value != true }
    if !unknown.isEmpty {
      let names = unknown.prefix(3).map { $0.region.quoted }
      text += """
        unknown and kept: \(names.joined(separator: ", "))\
        \(unknown.count > 3 ? " and \(unknown.count - 3) more" : ""): processes that could not be \
        inspected may use \(unknown.count == 1 ? "it" : "them")

        """
    }
    for stream in streamsOfOthers {
      text += """
        kept: \(stream.region.quoted), a stream of a killed sender of another user; remove it with: \
        setpriv --reuid \(stream.owner.word) --clear-groups shmtool remove \(stream.region.word)

        """
    }
    text += kept("unused semaphores", semaphores)
    text += kept("unattached System V segments", segments.map { RawText("sysv:\($0)") })
    return text
  }

  /// What is kept although no process uses it, and the command that removes it.
  private func kept(_ what: String, _ references: [RawText]) -> String {
    if references.isEmpty { return "" }
    let words = references.prefix(5).map(\.word).joined(separator: " ")
    let more = references.count > 5 ? " …" : ""
    return
      "\(what), kept: \(references.count); to remove them: shmtool remove --unused \(words)\(more)\n"
  }
}
