import ShmCore
import ShmTestSupport
import Testing

@Suite("Escaping for a terminal")
struct EscapingTests {
  @Test(
    "harmless text is not escaped",
    arguments: ["", "cache", "a b", "日本", "e\u{301}", "\u{1F600}", "'\"$`;"])
  func harmless(_ text: String) {
    #expect(Array(Escaping.printable(text).utf8) == Array(text.utf8))
  }

  @Test(
    "control characters are escaped",
    arguments: [
      ("\n", "\\n"), ("\t", "\\t"), ("\r", "\\r"), ("\0", "\\x00"), ("\u{1B}[31m", "\\x1b[31m"),
      ("\u{7F}", "\\x7f"), ("\u{8}", "\\x08"), ("\r\n", "\\r\\n"),
    ])
  func control(_ text: String, _ shown: String) {
    #expect(Escaping.printable(text) == shown)
  }

  @Test("every C0 and C1 control character is escaped")
  func everyControl() throws {
    for value in Array(0..<0x20) + Array(0x7F..<0xA0) {
      let scalar = try #require(Unicode.Scalar(UInt32(value)))
      #expect(Escaping.printable(String(Character(scalar))).hasPrefix("\\"), "U+\(value)")
    }
    #expect(Escaping.printable("\u{9B}31m") == "\\u{9b}31m")
  }

  @Test(
    "invisible characters, and characters that change the direction of text, are escaped",
    arguments: [
      ("\u{202E}gpj", "\\u{202e}gpj"), ("\u{2066}", "\\u{2066}"), ("\u{200B}", "\\u{200b}"),
      ("\u{FEFF}", "\\u{feff}"), ("\u{2028}", "\\u{2028}"), ("\u{2029}", "\\u{2029}"),
      ("\u{AD}", "\\u{ad}"), ("\u{E0041}", "\\u{e0041}"), ("\u{E000}", "\\u{e000}"),
      ("\u{10FFFF}", "\\u{10ffff}"), ("\u{61C}", "\\u{61c}"),
    ])
  func bidirectional(_ text: String, _ shown: String) {
    #expect(Escaping.printable(text) == shown)
  }

  @Test("a backslash is doubled, so that a name cannot imitate an escape")
  func backslash() {
    #expect(Escaping.printable("\\x1b") == "\\\\x1b")
    #expect(Escaping.printable("\\") == "\\\\")
  }

  @Test(
    "bytes that are not UTF-8 are escaped one by one",
    arguments: [
      ([0x80], "\\x80"), ([0xFF, 0x41], "\\xffA"), ([0xC3], "\\xc3"), ([0xC0, 0xAF], "\\xc0\\xaf"),
      ([0xED, 0xA0, 0x80], "\\xed\\xa0\\x80"), ([0xF4, 0x90, 0x80, 0x80], "\\xf4\\x90\\x80\\x80"),
      ([0xE2, 0x82], "\\xe2\\x82"), ([0xE2, 0x82, 0x41], "\\xe2\\x82A"),
      ([0xC3, 0xA9, 0xC3], "é\\xc3"),
    ] as [([UInt8], String)])
  func invalid(_ bytes: [UInt8], _ shown: String) {
    #expect(Escaping.printable(bytes) == shown)
  }

  @Test("escaped text can be decoded to the same bytes, and contains no control character")
  func random() throws {
    var generator = SeededGenerator(seed: 0xE5CA_9E00)
    for _ in 0..<20_000 {
      let input = (0..<Int(generator.next() % 12)).map { _ in
        UInt8(truncatingIfNeeded: generator.next() >> (generator.next() % 3))
      }
      let shown = Escaping.printable(input)
      #expect(shown.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
      try #require(unescape(shown) == input, "\(input)")
    }
  }

  /// What was escaped.
  private func unescape(_ text: String) -> [UInt8] {
    let scalars = Array(text.unicodeScalars)
    var bytes: [UInt8] = []
    var index = 0
    while index < scalars.count {
      defer { index += 1 }
      guard scalars[index] == "\\", index + 1 < scalars.count else {
        bytes += Array(String(Character(scalars[index])).utf8)
        continue
      }
      index += 1
      switch scalars[index] {
      case "n": bytes.append(0x0A)
      case "t": bytes.append(0x09)
      case "r": bytes.append(0x0D)
      case "x":
        let digits = scalars[(index + 1)...(index + 2)].map { Character($0) }
        bytes.append(UInt8(String(digits), radix: 16) ?? 0)
        index += 2
      case "u":
        let digits = scalars[(index + 2)...].prefix { $0 != "}" }
        let value = UInt32(String(digits.map { Character($0) }), radix: 16) ?? 0
        if let scalar = Unicode.Scalar(value) { bytes += Array(String(Character(scalar)).utf8) }
        index += digits.count + 2
      default: bytes.append(0x5C)
      }
    }
    return bytes
  }

  @Test(
    "in JSON hidden characters become \\u, and the decoded text is the same",
    arguments: [
      ("\"plain é 中\"", "\"plain é 中\""), ("\"\u{202E}\"", "\"\\u202e\""),
      ("\"\u{9B}31m\"", "\"\\u009b31m\""), ("\"\u{7F}\"", "\"\\u007f\""),
      ("\"\u{E0001}\"", "\"\\udb40\\udc01\""), ("{\n  \"a\\n\" : 1\n}", "{\n  \"a\\n\" : 1\n}"),
    ])
  func json(_ text: String, _ shown: String) {
    #expect(bytes(Escaping.json(text)) == bytes(shown))
  }
}

@Suite("Escaping for a field of a line")
struct FieldEscapingTests {
  /// The bytes that a field stands for, as `printf %b` restores them.
  private func restored(_ field: String) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = field.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\"), rest.popFirst() == UInt8(ascii: "x") else {
        bytes.append(byte)
        continue
      }
      bytes += UInt8(Substring(rest.prefix(2)), radix: 16).map { [$0] } ?? []
      rest = rest.dropFirst(2)
    }
    return bytes
  }

  @Test("any bytes become one printable field, from which they can be restored")
  func fields() {
    var generator = SeededGenerator(seed: 18)
    for _ in 0..<2000 {
      let bytes = generator.input(like: Array("näme \t\n\\x41\u{202E}\u{2028}".utf8))
      let field = Escaping.field(bytes)
      #expect(restored(field) == bytes)
      #expect(
        !field.unicodeScalars.contains { " \t\n\r\u{A0}\u{2028}".unicodeScalars.contains($0) })
      #expect(Escaping.printable(field).replacing("\\\\", with: "\\") == field)
    }
  }

  @Test(
    "plain names are not changed", arguments: ["cache", "/dev/shm/a-b_c.d", "日本", "a'b\"c$`*?["])
  func plain(_ name: String) {
    #expect(Escaping.field(name.utf8) == name)
  }
}

@Suite("Patterns of names")
struct NamePatternTests {
  @Test(
    "a pattern matches as in a shell",
    arguments: [
      ("*", "", true), ("*", "/a/.b", true), ("jack-*", "jack-", true), ("jack-*", "xjack-", false),
      ("?", "a", true), ("?", "ab", false), ("[a-c]x", "bx", true), ("[!a]", "a", false),
      ("\\*", "*", true), ("\\*", "a", false), ("[[:digit:]]", "7", true), ("a[", "a[", true),
      ("*a*a*a*a*a*a*a*b", String(repeating: "a", count: 255), false), ("A", "a", false),
    ])
  func matches(_ pattern: String, _ name: String, _ isMatch: Bool) {
    #expect(NamePattern.matches(bytes(name), bytes(pattern)) == isMatch)
  }

  @Test("a wildcard matches single bytes that are not UTF-8")
  func binary() {
    #expect(NamePattern.matches([0xFF, 0x61], [0x3F, 0x61]))
    #expect(NamePattern.matches(bytes("é"), bytes("??")))
    #expect(!NamePattern.matches(bytes("é"), bytes("?")))
    #expect(!NamePattern.matches([0], bytes("*")))
  }

  @Test(
    "text with a wildcard is recognized as a pattern",
    arguments: [("a*", true), ("?", true), ("[", true), ("a\\b", false)])
  func recognized(_ text: String, _ isPattern: Bool) {
    #expect(NamePattern.isPattern(bytes(text)) == isPattern)
  }
}
