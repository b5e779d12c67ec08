/// The subcommand that an unknown word means, by its spelling or by its meaning in other programs.
enum CommandSuggestion {
  private static let meanings: [(command: String, words: [String])] = [
    ("create", ["new", "make", "mk", "alloc", "allocate", "add"]),
    ("list", ["show", "ps", "users", "lsipc", "ipcs"]),
    ("inspect", ["stat", "status", "describe", "pages", "fincore", "vmtouch", "dump"]),
    ("resize", ["truncate", "grow", "shrink", "extend", "enlarge"]),
    ("remove", ["delete", "del", "unlink", "erase", "destroy", "clean", "prune", "ipcrm"]),
    ("fill", ["zero", "memset"]),
    ("verify", ["check", "compare", "cmp", "diff"]),
    ("read", ["get", "print", "head", "hexdump", "xxd"]),
    ("write", ["put", "store", "load"]),
    ("copy", ["clone", "dd"]),
    ("wait", ["await", "poll", "watch"]),
    ("map", ["mmap", "attach"]),
    ("wire", ["lock", "mlock", "pin", "hold"]),
    ("unwire", ["unlock", "munlock", "unpin", "release"]),
    ("limits", ["limit", "ulimit", "quota", "df", "free", "room"]),
    ("send", ["transmit", "push", "serve"]),
    ("recv", ["pull", "fetch"]),
  ]

  /// The subcommand that is meant.
  ///
  /// - Parameters:
  ///   - word: what was written.
  ///   - names: the names and the aliases of the subcommands.
  /// - Returns: a name; nil if nothing is near.
  static func command(for word: String, among names: [String]) -> String? {
    let word = word.lowercased()
    if names.contains(word) { return word }
    if let meant = meanings.first(where: { $0.words.contains(word) })?.command { return meant }
    let bound = word.utf8.count < 5 ? 1 : 2
    let distances = names.map { (name: $0, distance: distance(word, $0)) }
    let nearest = distances.min { $0.distance < $1.distance }
    guard let nearest, nearest.distance <= bound else { return nil }
    return nearest.name
  }

  /// The option that is meant by an unknown one: the one that it abbreviates, or one that is spelled alike.
  ///
  /// - Parameters:
  ///   - word: the unknown option, including its dashes.
  ///   - options: the options of the command, with their dashes.
  /// - Returns: the option; nil if no option is similar enough.
  static func option(for word: String, among options: [String]) -> String? {
    guard word.utf8.starts(with: "--".utf8), word.utf8.count > 4 else { return nil }
    let long = options.filter { $0.utf8.starts(with: "--".utf8) }
    let abbreviated = long.filter { $0.utf8.starts(with: word.utf8) }
    if abbreviated.count == 1 { return abbreviated[0] }
    let bound = word.utf8.count < 8 ? 1 : 2
    let near = long.filter { distance(word.lowercased(), $0) <= bound }
    return near.min { distance(word, $0) < distance(word, $1) }
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
