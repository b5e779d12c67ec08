import ShmCore

/// What nobody uses, and what was done about it.
struct StaleReport: Report {
  /// One region, or the rendezvous of a stream.
  struct Row: Encodable {
    let region: String
    let kind: String
    let bytes: Int
    let allocated: Int
    let ageSeconds: Int
    let stream: Bool
    /// Whether it is proved that nobody uses it; what is not is left alone.
    let proved: Bool
    var removed = false
  }

  /// The rendezvous of a killed sender that only its user, or root in that one's name, may remove.
  struct Stream: Encodable {
    let region: String
    let owner: String
  }

  /// A directory in which streams of this user met, with nothing in it.
  struct Directory: Encodable {
    let path: String
    let removed: Bool
  }

  let action = "remove"
  let dryRun: Bool
  var regions: [Row] = []
  var streamsOfOthers: [Stream] = []
  var directories: [Directory] = []
  /// The System V segments that nobody has attached, which are left to ipcrm(1).
  let segments: [Int32]
  /// What is younger was left out, in seconds.
  var olderThanSeconds = 0

  func text(_ style: TextStyle) -> String {
    let stale = regions.filter(\.proved)
    var text = ""
    for row in stale where dryRun || row.removed {
      let what = row.stream ? "a stream whose sender is gone" : Format.size(row.bytes, style)
      text += """
        \(dryRun ? "would remove" : "removed") '\(row.region)', \(what), \
        \(Format.age(row.ageSeconds)) old

        """
    }
    for directory in directories {
      text += """
        \(dryRun ? "would remove" : "removed") '\(directory.path)', an empty \
        directory of streams

        """
    }
    if stale.isEmpty, directories.isEmpty {
      text +=
        "nothing is stale"
        + (olderThanSeconds > 0 ? " that is older than \(Format.age(olderThanSeconds))\n" : "\n")
    } else if dryRun {
      let sum = stale.reduce(0) { $0 + $1.allocated }
      text += "nothing was removed: --yes removes these, and frees \(Format.size(sum, style))\n"
    }
    let unknown = regions.count - stale.count
    if unknown > 0 {
      let names = regions.filter { !$0.proved }.prefix(3).map { "'\($0.region)'" }
      text += """
        unknown and left alone: \(names.joined(separator: ", "))\
        \(unknown > 3 ? " and \(unknown - 3) more" : ""): processes that may not be looked at from \
        here may use \(unknown == 1 ? "it" : "them")

        """
    }
    for stream in streamsOfOthers {
      text += """
        left to its user: '\(stream.region)', a stream whose sender is gone; \
        'setpriv --reuid \(stream.owner) --clear-groups shmtool remove NAME' removes it

        """
    }
    if !segments.isEmpty {
      let numbers = segments.prefix(5).map { "-m \($0)" }.joined(separator: " ")
      text +=
        "System V segments that nobody has attached: \(segments.count); 'ipcrm \(numbers)\(segments.count > 5 ? " …" : "")' removes them\n"
    }
    return text
  }
}
