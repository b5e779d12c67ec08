import ShmCore
import ShmInspection

/// What no process is seen to use, and what was done about it.
struct StaleReport: Report {
  /// One region, or the rendezvous of a stream.
  struct Row: Encodable {
    let region: RawText
    let kind: String
    let bytes: Int
    let allocated: Int
    let ageSeconds: Int
    let stream: Bool
    /// Whether it is proved that no process uses it: null if that was not tried, false if it cannot be
    /// proved, or a process turned out to use it.
    var proved: Unknowable<Bool>
    var removed = false
    /// Whether a process turned out to use it when it was to be removed.
    var inUse = false
    let identity: RegionIdentity?
    /// How many names the region has.
    let links: Int

    enum CodingKeys: CodingKey {
      case region, kind, bytes, allocated, ageSeconds, stream, proved, removed, inUse, links
    }

    /// Whether it would be, or was, tried to remove it.
    var isCandidate: Bool { proved.value != false }
  }

  /// The rendezvous of a killed sender that only its user, or root in that one's name, may remove.
  struct Stream: Encodable {
    let region: RawText
    let owner: RawText
  }

  /// A directory in which streams of this user met, with nothing in it.
  struct Directory: Encodable {
    let path: RawText
    let removed: Bool
  }

  /// A region that a killed removal has left under another name.
  struct Restored: Encodable {
    let region: RawText
    /// The name that it had and, unless this is a dry run, has again.
    let name: RawText
  }

  let action = "remove"
  let dryRun: Bool
  var regions: [Row] = []
  var restored: [Restored] = []
  var streamsOfOthers: [Stream] = []
  var directories: [Directory] = []
  /// The System V segments that no process has attached, which are left to ipcrm(1).
  let segments: [Int32]
  /// What could not be read.
  let unreadable: [ListReport.Unreadable]
  /// What is younger was left out, in seconds.
  var olderThanSeconds = 0
  /// The bytes of memory that are free after that: a region of several names counts once, and only if the
  /// last one goes.
  private(set) var frees = 0

  init(
    dryRun: Bool, segments: [Int32], unreadable: [RegionInventory.UnreadableSource],
    olderThanSeconds: Int
  ) {
    self.dryRun = dryRun
    self.segments = segments
    self.unreadable = unreadable.map { .init($0) }
    self.olderThanSeconds = olderThanSeconds
  }

  enum CodingKeys: CodingKey {
    case action, dryRun, regions, restored, streamsOfOthers, directories, segments, unreadable
    case olderThanSeconds, frees
  }

  /// Counts what is freed, when all rows are there.
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
      let what = row.stream ? "a stream of a killed sender" : Format.size(row.bytes, style)
      text += """
        \(dryRun ? "would remove" : "removed") \(row.region.quoted), \(what), \
        \(Format.age(row.ageSeconds)) old

        """
    }
    for directory in directories {
      text += """
        \(dryRun ? "would remove" : "removed") \(directory.path.quoted), an empty \
        stream directory

        """
    }
    for row in restored {
      text +=
        "\(dryRun ? "would rename" : "renamed") \(row.region.quoted) back to \(row.name.quoted)\n"
    }
    let used = regions.filter(\.inUse)
    for row in used { text += "kept \(row.region.quoted): a process uses it\n" }
    if stale.isEmpty && restored.isEmpty && used.isEmpty && directories.isEmpty {
      text +=
        "no unused regions were found"
        + (olderThanSeconds > 0 ? " that are older than \(Format.age(olderThanSeconds))\n" : "\n")
    } else if dryRun {
      text += """
        nothing was removed; --yes removes these regions after proving that they are unused, and \
        frees \(Format.size(frees, style))

        """
    }
    let unknown = regions.filter { !$0.isCandidate && !$0.inUse }
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
    if !segments.isEmpty {
      let numbers = segments.prefix(5).map { "-m \($0)" }.joined(separator: " ")
      text +=
        "unattached System V segments: \(segments.count); 'ipcrm \(numbers)\(segments.count > 5 ? " …" : "")' removes them\n"
    }
    return text
  }
}
