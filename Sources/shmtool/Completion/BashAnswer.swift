import ShmCore

/// The answer to bash: lines, of which the first says how to go on, and the others are what readline puts
/// in place of its word, quoted.
///
/// Readline replaces the line from its own idea of where the word begins: after a quotation mark that is
/// open, or after the last of COMP_WORDBREAKS that is not quoted. What stands before stays.
struct BashAnswer {
  private let current: TypedWord
  /// The bytes of the word that stay.
  private let kept: Int
  private let isUnderstood: Bool

  /// - Parameters:
  ///   - line: the line up to the cursor.
  ///   - current: its last word.
  ///   - wordBreaks: COMP_WORDBREAKS.
  ///   - readline: the word as readline sees it.
  init(line: [UInt8], current: TypedWord, wordBreaks: [UInt8], readline: [UInt8]) {
    self.current = current
    let raw = Array(line[current.start...])
    kept = Self.kept(raw, current, wordBreaks)
    let text = raw[kept...]
    let isBreak = text.isEmpty && readline.count == 1 && wordBreaks.contains(readline)
    // A wrapper as of sudo gives the word with its quotation mark, or the break before it.
    isUnderstood =
      text.elementsEqual(readline) || isBreak || readline.dropFirst().elementsEqual(text)
  }

  private static func kept(
    _ raw: [UInt8], _ current: TypedWord, _ wordBreaks: [UInt8]
  ) -> Int {
    if current.quote != .none {
      let unquoted = current.marks.lastIndex { $0.quote == .none }
      return unquoted.map { $0 + 1 } ?? 0
    }
    let last = raw.indices.last { wordBreaks.contains(raw[$0]) && !current.marks[$0].isQuoted }
    return last.map { $0 + 1 } ?? 0
  }

  /// The lines.
  func text(_ completions: Completions) -> String {
    guard case .candidates(let candidates) = completions else { return "files\n" }
    guard isUnderstood else { return "" }
    // What the part that stays means, and the quotation that it leaves open.
    let isAtEnd = kept >= current.marks.count
    let count = isAtEnd ? current.value.count : current.marks[kept].valueCount
    let quote = isAtEnd ? current.quote : current.marks[kept].quote
    if candidates.count > 1 {
      let common = Self.commonPrefix(candidates.map(\.value))
      // Readline would find the common beginning of the quoted words, which may end in half of an escape.
      if common.count > current.value.count {
        return "nospace\n" + ShellQuoting.rest(Array(common.dropFirst(count)), in: quote) + "\n"
      }
    }
    let isPartial = candidates.count == 1 && candidates[0].isPartial
    return candidates.reduce(into: isPartial ? "nospace\n" : "space\n") { text, candidate in
      text += ShellQuoting.rest(Array(candidate.value.dropFirst(count)), in: quote) + "\n"
    }
  }

  /// What all of them begin with, cut where a character ends.
  private static func commonPrefix(_ values: [[UInt8]]) -> [UInt8] {
    guard var common = values.first else { return [] }
    for value in values {
      let length = zip(common, value).prefix { $0 == $1 }.count
      common.removeLast(common.count - length)
    }
    // Bytes that continue a character, and the first of one that is not whole.
    for value in values where value.count > common.count {
      while common.count > 0, value[common.count] & 0xC0 == 0x80 { common.removeLast() }
    }
    return common
  }
}
