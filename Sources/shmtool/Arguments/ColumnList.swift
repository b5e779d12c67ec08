import ArgumentParser

/// Columns of the list in their order, each once: `name,size`, `+inode` for the default columns and that one, `all`.
struct ColumnList {
  /// The word for all columns.
  static let all = "all"

  let names: [String]

  /// The columns of --long: the default columns, mode, inode and reference, as in `ls -l`.
  static let long = ColumnList(names: ListReport.defaultColumns + ["mode", "inode", "reference"])

  /// Reads the columns.
  ///
  /// - Throws: `ValidationError` for an unknown column, with the columns that exist.
  static func parse(_ text: String) throws -> ColumnList {
    let text = text.utf8.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    let isAddition = text.first == UInt8(ascii: "+")
    let rest = String(decoding: isAddition ? text.dropFirst() : text, as: UTF8.self)
    let words = try ListColumn.words(rest, besides: [all])
    var names = isAddition ? ListReport.defaultColumns : []
    for word in words {
      let isAll = word.lowercased() == all
      let next =
        try isAll
        ? ListReport.columns.map(\.name) : [ListColumn.named(word, besides: [all]).name]
      names += next.filter { !names.contains($0) }
    }
    return ColumnList(names: names)
  }
}

/// The order of the list: columns, the most significant first, each reversed after `-`.
struct ColumnOrder {
  struct Key: Equatable {
    let name: String
    var isReversed = false
  }

  let keys: [Key]

  static let byName = ColumnOrder(keys: [Key(name: "name")])
  static let bySize = ColumnOrder(keys: [Key(name: "size")])

  /// Reads the order.
  ///
  /// - Throws: `ValidationError` for an unknown column, with the columns that exist.
  static func parse(_ text: String) throws -> ColumnOrder {
    ColumnOrder(
      keys: try ListColumn.words(text).map { word in
        let isReversed = word.utf8.first == UInt8(ascii: "-")
        let name = isReversed ? String(decoding: word.utf8.dropFirst(), as: UTF8.self) : word
        return Key(name: try ListColumn.named(name).name, isReversed: isReversed)
      })
  }
}

/// Columns by the words of the command line.
enum ListColumn {
  /// Column names of other programs (ps, ipcs, ls), for suggestions.
  private static let meanings: [(column: String, words: [String])] = [
    ("size", ["length", "bytes"]), ("resident", ["rss", "ram"]), ("swapped", ["swap"]),
    ("wired", ["locked", "mlocked"]), ("charged", ["cgroup", "group"]),
    ("mode", ["perms", "permissions"]), ("owner", ["user", "uid"]), ("age", ["time", "mtime"]),
    ("key", ["shmkey"]), ("creator", ["cpid"]), ("attaches", ["nattch"]), ("inode", ["ino", "id"]),
    ("reference", ["region", "ref"]),
    ("users", ["pid", "pids", "process", "processes", "command"]),
    ("name", ["path", "file"]), ("kind", ["type"]), ("state", ["deleted", "removed", "status"]),
  ]

  /// The words of a list of columns.
  static func words(_ text: String, besides others: [String] = []) throws -> [String] {
    guard let words = WordList.words(text) else {
      throw ValidationError(
        text.utf8.contains { $0 != UInt8(ascii: " ") }
          ? "expected column names separated by commas"
          : "a column is required; \(columns(others))")
    }
    return words
  }

  /// The column of a name, in any case.
  ///
  /// - Parameters:
  ///   - word: the name.
  ///   - others: other valid words, such as `all`.
  /// - Returns: the column.
  /// - Throws: `ValidationError` with a suggestion, or with the columns that exist.
  static func named(_ word: String, besides others: [String] = []) throws -> ListReport.Column {
    let name = word.lowercased()
    if let column = ListReport.columns.first(where: { $0.name == name }) { return column }
    let hint = CommandSuggestion.question(nearest(name)) ?? columns(others)
    throw ValidationError("unknown column '\(word)'; \(hint)")
  }

  /// The columns that an unknown name can mean: a synonym, a prefix, or a similar spelling.
  static func nearest(_ word: String) -> [String] {
    let names = ListReport.columns.map(\.name)
    if let meant = meanings.first(where: { $0.words.contains(word) }) { return [meant.column] }
    let begun = names.filter { word.utf8.count > 1 && $0.utf8.starts(with: word.utf8) }
    if begun.count == 1 { return begun }
    return CommandSuggestion.nearest(
      to: word, among: names.map { [$0] }, within: word.utf8.count < 5 ? 1 : 2)
  }

  private static func columns(_ others: [String]) -> String {
    "the columns are \((ListReport.columns.map(\.name) + others).joined(separator: ", "))"
  }
}
