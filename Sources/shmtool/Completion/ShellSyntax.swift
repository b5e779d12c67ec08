/// The shells that completion scripts are made for.
enum CompletionShell: String, CaseIterable {
  case bash, zsh, fish
}

/// Which quotation is open at a place of a command line.
enum OpenQuote {
  case none, single, double
  /// `$'`, in which a backslash escapes as in C.
  case ansi
}

/// A word of a command line as far as it has been typed. Nothing in it is ever expanded.
struct TypedWord {
  /// What one byte of the line stands for.
  struct Mark {
    /// How many bytes of the value precede it.
    let valueCount: Int
    /// The quotation that it stands in.
    let quote: OpenQuote
    /// Whether a quotation or a backslash takes its special meaning, or it belongs to a quotation.
    let isQuoted: Bool
  }

  /// The bytes that the shell would pass to the program.
  var value: [UInt8] = []
  /// Where it begins in the line.
  let start: Int
  /// One for each byte of the line from `start` on.
  var marks: [Mark] = []
  /// The quotation that is open at its end.
  var quote = OpenQuote.none
  /// Whether the shell would pass other bytes: those of a variable, of a command, of a home directory.
  var isExpanded = false
  /// Whether it is the file of a redirection.
  let isRedirection: Bool
}

/// Splits a command line into words by the rules of a shell. Pure, and total: no input traps.
struct ShellSyntax {
  /// The words of the line; the last is the one that is being typed, and may be empty.
  private(set) var words: [TypedWord] = []

  private let line: [UInt8]
  private let isFish: Bool
  private var index = 0
  private var word: TypedWord?
  private var followsRedirection = false

  /// Reads a line up to the cursor.
  init(_ line: [UInt8], shell: CompletionShell) {
    self.line = line
    isFish = shell == .fish
    while index < line.count { step() }
    words.append(word ?? TypedWord(start: line.count, isRedirection: followsRedirection))
  }

  private mutating func step() {
    let byte = line[index]
    switch word?.quote ?? .none {
    case .none: stepUnquoted(byte)
    case .single: stepSingle(byte)
    case .double: stepDouble(byte)
    case .ansi: stepAnsi(byte)
    }
  }

  private mutating func stepUnquoted(_ byte: UInt8) {
    let next = index + 1 < line.count ? line[index + 1] : nil
    switch byte {
    case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"):
      endWord()
      index += 1
    case UInt8(ascii: ";"), UInt8(ascii: "|"), UInt8(ascii: "&"):
      // Another command begins.
      endWord()
      words = []
      index += 1
    case UInt8(ascii: "<"), UInt8(ascii: ">"):
      // The number of a descriptor belongs to the operator.
      if let number = word, number.value.allSatisfy({ (0x30...0x39).contains($0) }) { word = nil }
      endWord()
      followsRedirection = true
      index += 1
    case UInt8(ascii: "\\"): stepEscape(next)
    case UInt8(ascii: "'"): open(.single, length: 1)
    case UInt8(ascii: "\""): open(.double, length: 1)
    case UInt8(ascii: "$") where next == UInt8(ascii: "'") && !isFish: open(.ansi, length: 2)
    case UInt8(ascii: "$") where next == UInt8(ascii: "\"") && !isFish: open(.double, length: 2)
    case UInt8(ascii: "~") where word == nil: take(1, [byte], quoted: false, expanded: true)
    default: take(1, [byte], quoted: false, expanded: isExpansion(byte, next))
    }
  }

  /// A backslash outside quotations.
  private mutating func stepEscape(_ next: UInt8?) {
    guard let next else { return take(1, [], quoted: true) }
    if next == UInt8(ascii: "\n") { return take(2, [], quoted: true) }
    if isFish, let (bytes, length) = ShellEscape.read(line[(index + 1)...], shell: .fish) {
      return take(1 + length, bytes, quoted: true)
    }
    take(2, [next], quoted: true)
  }

  private mutating func stepSingle(_ byte: UInt8) {
    if byte == UInt8(ascii: "'") { return close() }
    let next = index + 1 < line.count ? line[index + 1] : nil
    if isFish, byte == UInt8(ascii: "\\"),
      let next, next == UInt8(ascii: "'") || next == UInt8(ascii: "\\")
    {
      return take(2, [next], quoted: true)
    }
    take(1, [byte], quoted: true)
  }

  private mutating func stepDouble(_ byte: UInt8) {
    if byte == UInt8(ascii: "\"") { return close() }
    let next = index + 1 < line.count ? line[index + 1] : nil
    if byte == UInt8(ascii: "\\"), let next {
      if next == UInt8(ascii: "\n") { return take(2, [], quoted: true) }
      if "$\"\\".utf8.contains(next) || (!isFish && next == UInt8(ascii: "`")) {
        return take(2, [next], quoted: true)
      }
    }
    take(1, [byte], quoted: true, expanded: isExpansion(byte, next))
  }

  private mutating func stepAnsi(_ byte: UInt8) {
    if byte == UInt8(ascii: "'") { return close() }
    guard byte == UInt8(ascii: "\\") else { return take(1, [byte], quoted: true) }
    guard let (bytes, length) = ShellEscape.read(line[(index + 1)...], shell: .bash) else {
      // It is not complete yet.
      return take(line.count - index, [], quoted: true)
    }
    take(1 + length, bytes, quoted: true)
  }

  private func isExpansion(_ byte: UInt8, _ next: UInt8?) -> Bool {
    if byte == UInt8(ascii: "`") { return !isFish }
    if byte == UInt8(ascii: "(") { return isFish && word?.quote != .double }
    guard byte == UInt8(ascii: "$"), let next else { return false }
    switch next {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      return true
    default: return "_{([@*#?$!-".utf8.contains(next)
    }
  }

  private mutating func open(_ quote: OpenQuote, length: Int) {
    take(length, [], quoted: true)
    word?.quote = quote
  }

  private mutating func close() {
    take(1, [], quoted: true)
    word?.quote = .none
  }

  /// Takes bytes of the line into the word, which stand for `value`.
  private mutating func take(
    _ length: Int, _ value: [UInt8], quoted: Bool, expanded: Bool = false
  ) {
    var current = word ?? TypedWord(start: index, isRedirection: followsRedirection)
    let mark = TypedWord.Mark(
      valueCount: current.value.count, quote: current.quote, isQuoted: quoted)
    current.marks += repeatElement(mark, count: length)
    current.value += value
    current.isExpanded = current.isExpanded || expanded
    word = current
    index += length
  }

  private mutating func endWord() {
    guard let ended = word else { return }
    followsRedirection = false
    if !ended.isRedirection { words.append(ended) }
    word = nil
  }
}

/// What stands after a backslash.
enum ShellEscape {
  private static let simple: [UInt8: UInt8] = [
    UInt8(ascii: "a"): 7, UInt8(ascii: "b"): 8, UInt8(ascii: "e"): 27, UInt8(ascii: "f"): 12,
    UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13, UInt8(ascii: "t"): 9, UInt8(ascii: "v"): 11,
  ]

  /// Reads an escape of `$'…'`, or of fish outside quotations.
  ///
  /// - Returns: its bytes and its length; nil if it is not complete, or in fish for any character that
  ///   stands for itself.
  static func read(
    _ text: ArraySlice<UInt8>, shell: CompletionShell
  ) -> (bytes: [UInt8], length: Int)? {
    guard let first = text.first else { return nil }
    if let byte = simple[first] { return ([byte], 1) }
    let rest = text.dropFirst()
    switch first {
    case UInt8(ascii: "x"), UInt8(ascii: "X"):
      guard shell == .fish || first == UInt8(ascii: "x") else { break }
      let digits = rest.prefix(2).prefix { Self.digit($0, 16) != nil }
      // One digit at the end of what has been typed is half of an escape.
      guard digits.count == 2 || digits.count < rest.count, !digits.isEmpty else { return nil }
      return ([UInt8(truncatingIfNeeded: number(digits, 16))], 1 + digits.count)
    case UInt8(ascii: "u"), UInt8(ascii: "U"):
      let digits = rest.prefix(first == UInt8(ascii: "u") ? 4 : 8)
        .prefix { Self.digit($0, 16) != nil }
      guard !digits.isEmpty, let scalar = Unicode.Scalar(number(digits, 16)) else { return nil }
      return (Array(String(scalar).utf8), 1 + digits.count)
    case UInt8(ascii: "0")...UInt8(ascii: "7"):
      let digits = text.prefix(3).prefix { Self.digit($0, 8) != nil }
      guard digits.count == 3 || digits.count < text.count else { return nil }
      return ([UInt8(truncatingIfNeeded: number(digits, 8))], digits.count)
    case UInt8(ascii: "c"):
      guard let next = rest.first else { return nil }
      return ([next & 0x1F], 2)
    default: break
    }
    if shell == .fish { return nil }
    switch first {
    case UInt8(ascii: "E"): return ([27], 1)
    case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "?"):
      return ([first], 1)
    default: return ([UInt8(ascii: "\\"), first], 1)
    }
  }

  private static func digit(_ byte: UInt8, _ radix: UInt32) -> UInt32? {
    guard byte < 0x80, let value = Character(Unicode.Scalar(byte)).hexDigitValue,
      value < Int(radix)
    else { return nil }
    return UInt32(value)
  }

  private static func number(_ digits: ArraySlice<UInt8>, _ radix: UInt32) -> UInt32 {
    digits.reduce(0) { $0 &* radix &+ (digit($1, radix) ?? 0) }
  }
}
