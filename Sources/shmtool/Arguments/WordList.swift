/// Words separated by commas, as options take them. Blanks around a word have no meaning.
enum WordList {
  /// The words; nil if one of them is empty.
  static func words(_ text: String) -> [String]? {
    let words = text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
      .map { String(trimmed($0[...])) }
    return words.contains("") ? nil : words
  }

  private static func trimmed(_ word: some BidirectionalCollection<UInt8>) -> String {
    let start = word.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    let length = start.reversed().drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }.count
    return String(decoding: start.prefix(length), as: UTF8.self)
  }
}

/// Kinds of rows of the list.
struct KindList: ArgumentWord {
  static let form =
    "expected one or more of \(ListKind.allCases.map(\.rawValue).joined(separator: ", ")), separated by commas"

  let kinds: [ListKind]

  init?(argument: String) {
    guard let words = WordList.words(argument) else { return nil }
    let kinds = words.compactMap { ListKind(rawValue: $0.lowercased()) }
    guard kinds.count == words.count else { return nil }
    self.kinds = kinds
  }
}

/// Processes by their IDs.
struct ProcessList: ArgumentWord {
  static let form = "expected positive process IDs, separated by commas"

  let processes: [Int32]

  init?(argument: String) {
    guard let words = WordList.words(argument) else { return nil }
    let processes = words.compactMap { Digits.number($0, as: Int32.self) }.filter { $0 > 0 }
    guard processes.count == words.count else { return nil }
    self.processes = processes
  }
}
