import ShmTestSupport
import Testing

@Suite("help")
struct HelpTests {
  /// Words of the first version's private language, and what they replaced.
  private static let dialect: Set<String> = [
    "is none", "is told", "be had", "anew", "whoever", "whom", "nobody", "somebody", "everybody",
    "behind", "so long", "as it was", "of its own", "must be heard", "goes on", "has a say",
    "by proof", "let pass", "until told", "left out", "for good", "for ever", "over and over",
    "is ours", "set aside", "taken from",
  ]

  private static let commands = [
    "", "create", "list", "inspect", "resize", "seal", "remove", "fill", "verify", "read", "write",
    "copy", "wait", "map", "wire", "unwire", "limits", "advise", "send", "recv",
    "bench",
  ]

  @Test("the help fits 80 columns, also on a wider terminal", arguments: commands)
  func width(_ command: String) async throws {
    for columns in ["", "COLUMNS=200 "] {
      let help = try await Tool.shell("\(columns)\"$SHMTOOL\" \(command) --help")
      #expect(help.code == 0)
      for line in help.text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    }
  }

  @Test("the help ends with examples, after the options", arguments: commands)
  func order(_ command: String) async throws {
    let help = try await Tool.shell("\"$SHMTOOL\" \(command) --help").text
    let headings = help.split(separator: "\n").compactMap { line in
      line.first?.isUppercase == true && line.contains(":") && !line.hasPrefix("SIZE")
        && !line.hasPrefix("FROM") ? line.split(separator: ":")[0] : nil
    }.filter { $0.allSatisfy { $0.isUppercase || $0 == " " } }
    #expect(headings.first == "OVERVIEW" && headings.last == "EXAMPLES", "\(headings)")
    let usage = try #require(headings.firstIndex(of: "USAGE"))
    let options = try #require(headings.firstIndex(of: "OPTIONS"))
    #expect(usage < options && options < headings.count - 1)
    #expect(help.split(separator: "\n").count { $0.hasPrefix("EXAMPLES") } == 1)
    let examples = try #require(help.split(separator: "EXAMPLES:\n").last)
    for line in examples.split(separator: "\n") {
      #expect(line.hasPrefix("  ") && line.contains("shmtool"), "\(line)")
    }
  }

  @Test("the help uses plain words, and abstracts of one line", arguments: commands)
  func language(_ command: String) async throws {
    let help = try await Tool.shell("\"$SHMTOOL\" \(command) --help").text
    let words = help.lowercased().split { $0.isWhitespace || $0 == "," || $0 == "." }
    var phrases: Set<String> = []
    for start in words.indices {
      for length in 1...4 {
        phrases.insert(words[start...].prefix(length).joined(separator: " "))
      }
    }
    #expect(phrases.isDisjoint(with: Self.dialect), "\(phrases.intersection(Self.dialect))")
    let lines = help.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines[0].hasPrefix("OVERVIEW: ") && lines[1].isEmpty, "\(lines[0])")
    #expect(lines[0].last?.isLetter == true)
    let usage = try #require(lines.first { $0.hasPrefix("USAGE: shmtool") })
    #expect(!usage.contains("<"))
  }

  @Test("the help shows the short and the long name of the common options", arguments: commands)
  func common(_ command: String) async throws {
    let help = try await Tool.shell("\"$SHMTOOL\" \(command) --help").text
    for (names, meaning) in [
      ("-V, --version", "Show the version"), ("-h, --help", "Show help information"),
    ] {
      let line = "  " + names + String(repeating: " ", count: 24 - names.count) + meaning
      #expect(help.split(separator: "\n").contains { $0 == line }, "\(names)")
    }
  }

  @Test(
    "texts of options are phrases, and placeholders name the kind of value", arguments: commands)
  func options(_ command: String) async throws {
    let help = try await Tool.shell("\"$SHMTOOL\" \(command) --help").text
    let section = try #require(help.split(separator: "\nOPTIONS:\n").last)
      .split(separator: "\n\n")[0]
    // The description of each option, which begins in column 26 or on the next line.
    var descriptions: [String] = []
    for line in section.split(separator: "\n") {
      let isNew = line.hasPrefix("  -") || line.hasPrefix("  --")
      if isNew {
        descriptions.append("")
        let words = line.split(separator: " ")
        for word in words.dropFirst() where word.first?.isLowercase == true {
          // A word after two blanks belongs to the description.
          #expect(line.dropFirst(26).contains(word), "\(line)")
        }
      }
      if line.count > 26 { descriptions[descriptions.count - 1] += line.dropFirst(25) }
    }
    #expect(!descriptions.isEmpty)
    for text in descriptions {
      #expect(text.last != ".", "\(text)")
      #expect(!text.contains("<") && !text.contains(">"), "\(text)")
    }
  }

  @Test(
    "no message of the tool uses a word of the old dialect",
    .enabled(if: Sources.areReadable, "needs the sources"))
  func sources() async throws {
    let list = try await Tool.run("find", ["\(Sources.root)/Sources/shmtool", "-name", "*.swift"])
    let files = list.text.split(separator: "\n")
    #expect(files.count > 80)
    for file in files {
      let path = String(file.dropFirst(Sources.root.count + 1))
      for line in try Sources.text(of: path).split(separator: "\n") {
        let code = line.drop { $0 == " " }
        if code.hasPrefix("//") { continue }
        let words = code.lowercased().split { !$0.isLetter && $0 != "-" }
        for start in words.indices {
          for length in 1...3 {
            let phrase = words[start...].prefix(length).joined(separator: " ")
            #expect(!Self.dialect.contains(phrase), "\(path): \(code)")
          }
        }
      }
    }
  }

  @Test("messages about the command line name the placeholders of the help")
  func messages() async throws {
    for (words, message) in [
      ("create", "REGION is required ("),
      ("limits --need", "--need requires a value: SIZE ("),
      ("limits --need abc", "invalid SIZE 'abc' for --need: expected a size"),
      ("copy x", "TO is required ("), ("list --nope", "unknown option '--nope' ("),
      ("limits 5", "extra operand '5' ("),
    ] {
      let result = try await Tool.shell("\"$SHMTOOL\" \(words)")
      #expect(result.error.hasPrefix("shmtool: \(message)"), "\(result.error)")
      #expect(result.code == 64)
    }
  }
}
