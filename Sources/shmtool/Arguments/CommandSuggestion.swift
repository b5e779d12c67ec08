/// The subcommands that an unknown word can mean, by its spelling or by its meaning in other programs.
enum CommandSuggestion {
  private static let meanings: [(command: String, words: [String])] = [
    ("create", ["new", "make", "mk", "alloc", "allocate", "add"]),
    ("list", ["show", "ps", "users", "lsipc", "ipcs"]),
    ("list --watch", ["watch", "top", "monitor"]),
    ("inspect", ["stat", "status", "describe", "pages", "fincore", "vmtouch", "dump"]),
    ("inspect --watch", ["watch", "monitor"]),
    ("resize", ["truncate", "grow", "shrink", "extend", "enlarge"]),
    ("remove", ["delete", "del", "unlink", "erase", "destroy", "clean", "prune", "ipcrm"]),
    ("fill", ["zero", "memset"]),
    ("verify", ["check", "compare", "cmp", "diff"]),
    ("read", ["get", "print", "cat", "head", "hexdump", "xxd"]),
    ("write", ["put", "store", "load"]),
    ("copy", ["cp", "clone", "dd"]),
    ("wait", ["await", "poll", "watch"]),
    ("map", ["mmap", "attach"]),
    ("wire", ["lock", "mlock", "pin", "hold"]),
    ("unwire", ["unlock", "munlock", "unpin", "release"]),
    ("limits", ["limit", "ulimit", "quota", "df", "free", "room"]),
    ("send", ["transmit", "push", "serve"]),
    ("recv", ["pull", "fetch"]),
    ("bench", ["benchmark", "measure", "perf", "speed"]),
    ("--version", ["version"]),
  ]

  /// The subcommands that can be meant.
  ///
  /// - Parameters:
  ///   - word: what was written.
  ///   - names: for each subcommand its name and its aliases.
  /// - Returns: the commands that the word means in other programs, or a name of each subcommand that is as near as the
  ///   nearest one.
  static func commands(for word: String, among names: [[String]]) -> [String] {
    let word = word.lowercased()
    if names.contains(where: { $0.contains(word) }) { return [word] }
    let meant = meanings.filter { $0.words.contains(word) }.map(\.command)
    if !meant.isEmpty { return meant }
    return nearest(to: word, among: names, within: word.utf8.count < 5 ? 1 : 2)
  }

  /// The options that can be meant by an unknown one: the one that it abbreviates, or those that are spelled alike.
  ///
  /// - Parameters:
  ///   - word: the unknown option, including its dashes.
  ///   - options: the options of the command, with their dashes.
  /// - Returns: the options; empty if no option is similar enough.
  static func options(for word: String, among options: [String]) -> [String] {
    guard word.utf8.starts(with: "--".utf8), word.utf8.count > 4 else { return [] }
    let long = options.filter { $0.utf8.starts(with: "--".utf8) }
    let abbreviated = long.filter { $0.utf8.starts(with: word.utf8) }
    if abbreviated.count == 1 { return abbreviated }
    return nearest(
      to: word.lowercased(), among: long.map { [$0] }, within: word.utf8.count < 8 ? 1 : 2)
  }

  /// Finds the names with the least distance from a word.
  ///
  /// - Parameters:
  ///   - word: what was written.
  ///   - groups: the names, and for each its other names. A group is suggested by its nearest name.
  ///   - bound: the greatest distance.
  /// - Returns: the names, in their order.
  static func nearest(
    to word: String, among groups: [[String]], within bound: Int
  ) -> [String] {
    let best = groups.compactMap { names in
      names.map { (name: $0, distance: distance(word, $0)) }.min { $0.distance < $1.distance }
    }
    guard let least = best.map(\.distance).min(), least <= bound else { return [] }
    var seen: Set<String> = []
    return best.filter { $0.distance == least && seen.insert($0.name).inserted }.map(\.name)
  }

  /// The question whether one of some words was meant; nil without words.
  static func question(_ words: [String]) -> String? {
    guard let last = words.last else { return nil }
    let others = words.dropLast().map { "'\($0)'" }.joined(separator: ", ")
    return "did you mean \(others)\(others.isEmpty ? "" : " or ")'\(last)'?"
  }

  /// How many letters are to be inserted, left out, replaced, or exchanged with their neighbour.
  static func distance(_ one: String, _ other: String) -> Int {
    let (one, other) = (Array(one.utf8), Array(other.utf8))
    // The longest command has seven letters.
    guard one.count < 32 else { return one.count }
    var rows = [Array(0...other.count)]
    for (i, letter) in one.enumerated() {
      var row = [i + 1]
      for (j, wanted) in other.enumerated() {
        var least = min(
          rows[i][j] + (letter == wanted ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
        if i > 0, j > 0, letter == other[j - 1], one[i - 1] == wanted {
          least = min(least, rows[i - 1][j - 1] + 1)
        }
        row.append(least)
      }
      rows.append(row)
    }
    return rows[one.count][other.count]
  }
}
