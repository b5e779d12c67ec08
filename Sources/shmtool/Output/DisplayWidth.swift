/// The width of text in columns of a terminal.
///
/// wcwidth(3) knows only ASCII without a locale, which this program does not load. The properties of the Swift runtime
/// and a short table of the wide East Asian blocks give the same widths. Unicode Standard Annex #11
enum DisplayWidth {
  /// The columns of a text in one line. Sequences that set colours have no width.
  static func of(_ text: some StringProtocol) -> Int {
    // Fast path: most names are ASCII.
    if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text.utf8.count }
    var width = 0
    forEachScalar(of: text) { _, columns in width += columns }
    return width
  }

  /// The columns of a character: 0 for combining and invisible ones, 2 for wide ones.
  static func of(_ scalar: Unicode.Scalar) -> Int {
    let value = scalar.value
    if value < 0x300 {
      return value < 0x20 || (0x7F..<0xA0).contains(value) || value == 0xAD ? 0 : 1
    }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control, .surrogate, .lineSeparator,
      .paragraphSeparator:
      return 0
    default: break
    }
    // Vowels and final consonants of Hangul are drawn into the consonant before them.
    if (0x1160...0x11FF).contains(value) { return 0 }
    if wideBlocks.contains(where: { $0.contains(value) }) { return 2 }
    // Emoji are wide, except the letters of flags.
    let isLetterOfFlag = (0x1F1E6...0x1F1FF).contains(value)
    return scalar.properties.isEmojiPresentation && !isLetterOfFlag ? 2 : 1
  }

  /// Shortens a text to a number of columns, by replacing its middle with an ellipsis.
  static func shortened(_ text: String, to columns: Int) -> String {
    guard of(text) > columns else { return text }
    guard columns > 1 else { return columns == 1 ? "…" : "" }
    // Similar names often differ only at the end, so the beginning and the end remain.
    let tail = (columns - 1) / 2
    return prefix(of: text, columns: columns - 1 - tail) + "…" + suffix(of: text, columns: tail)
  }

  /// The beginning of a text that fits the columns.
  static func prefix(of text: some StringProtocol, columns: Int) -> String {
    var kept = String.UnicodeScalarView()
    var width = 0
    var isFull = false
    forEachScalar(of: text) { scalar, columnsOfIt in
      width += columnsOfIt
      if width > columns { isFull = true }
      if !isFull { kept.append(scalar) }
    }
    return String(kept)
  }

  /// A line as a terminal breaks it: wherever the columns end.
  static func broken(_ line: some StringProtocol, to columns: Int) -> [String] {
    guard columns > 0, of(line) > columns else { return [String(line)] }
    var pieces: [String] = []
    var rest = String(line)
    while of(rest) > columns {
      let head = prefix(of: rest, columns: columns)
      // A character that is wider than the columns cannot be broken.
      guard !head.isEmpty else { break }
      pieces.append(head)
      rest = String(rest.unicodeScalars.dropFirst(head.unicodeScalars.count))
    }
    return pieces + [rest]
  }

  /// A text in lines that fit the columns, broken at blanks if that is possible.
  static func wrapped(_ text: String, to columns: Int) -> [String] {
    guard columns > 0, of(text) > columns else { return [text] }
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
      let joined = lines.isEmpty && line.isEmpty ? String(word) : line + " " + word
      if of(joined) <= columns {
        line = joined
        continue
      }
      if !line.isEmpty { lines.append(line) }
      let pieces = broken(word, to: columns)
      lines += pieces.dropLast()
      line = pieces.last ?? ""
    }
    return lines + [line]
  }

  private static func suffix(of text: String, columns: Int) -> String {
    var kept: [Unicode.Scalar] = []
    var width = 0
    for scalar in text.unicodeScalars.reversed() {
      let columnsOfIt = of(scalar)
      if width + columnsOfIt > columns { break }
      width += columnsOfIt
      kept.append(scalar)
    }
    // A combining character without its base would change the ellipsis.
    while let last = kept.last, of(last) == 0 { kept.removeLast() }
    var view = String.UnicodeScalarView()
    view.append(contentsOf: kept.reversed())
    return String(view)
  }

  /// Calls the closure with each character and its columns; 0 for the characters of a sequence that sets colours.
  private static func forEachScalar(
    of text: some StringProtocol, _ body: (Unicode.Scalar, Int) -> Void
  ) {
    var isSequence = false
    for scalar in text.unicodeScalars {
      if scalar == "\u{1B}" {
        isSequence = true
      } else if isSequence {
        body(scalar, 0)
        // "[" begins the sequence, a letter ends it. ECMA-48
        if scalar != "[", (0x40...0x7E).contains(scalar.value) { isSequence = false }
        continue
      }
      body(scalar, of(scalar))
    }
  }

  /// The blocks whose characters are wide (W) or full-width (F).
  private static let wideBlocks: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF,
    0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F,
    0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1F200...0x1F265,
    0x20000...0x3FFFD,
  ]
}
