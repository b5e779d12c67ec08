import ShmTestSupport
import Testing

/// What holds of every command.
@Suite("manners")
struct MannersTests {
  private static let commands = [
    "create", "list", "inspect", "resize", "seal", "remove", "fill", "verify", "read", "write",
    "wait", "map", "wire", "unwire", "limits", "advise", "send", "recv",
    "bench",
  ]

  @Test("the help lists every command under its heading")
  func help() async throws {
    let help = try await Tool.run("--help")
    #expect(help.code == 0)
    var heading = ""
    var found: [String: String] = [:]
    for line in help.text.split(separator: "\n").prefix(while: { $0 != "EXIT STATUS:" }) {
      if line.hasSuffix("SUBCOMMANDS:") { heading = String(line.split(separator: " ")[0]) }
      if line.hasPrefix("  "), !line.hasPrefix("   "), let word = line.split(separator: " ").first {
        found[word.trimmingSuffix { $0 == "," }] = heading
      }
    }
    let wanted = [
      "create": "REGIONS", "list": "REGIONS", "inspect": "REGIONS", "resize": "REGIONS",
      "seal": "REGIONS", "remove": "REGIONS", "fill": "CONTENTS", "verify": "CONTENTS",
      "read": "CONTENTS", "write": "CONTENTS", "wait": "CONTENTS", "map": "MAPPING",
      "wire": "WIRING", "unwire": "WIRING", "limits": "WIRING", "advise": "WIRING",
      "send": "TRANSFER",
      "recv": "TRANSFER", "bench": "MEASUREMENT",
    ]
    for (command, heading) in wanted { #expect(found[command] == heading, "\(command)") }
  }

  @Test("each command's help has an example, and is printed on stdout", arguments: commands)
  func example(_ command: String) async throws {
    let help = try await Tool.run("help", command)
    #expect(help.code == 0)
    #expect(help.text.contains("\n\nEXAMPLES:\n") && help.text.contains("shmtool \(command)"))
    #expect(help.error.isEmpty)
    #expect(try await Tool.run(command, "--help").text == help.text)
  }

  @Test(
    "a report that cannot be written is an error",
    arguments: [
      "list", "list --json", "inspect NAME", "inspect --json NAME", "limits", "limits --json",
      "read NAME", "read --hex NAME", "create NEW 4K --json", "fill NAME --zero --json",
      "verify NAME --zero --json", "wire --list", "map NAME --json -- true", "--help", "--version",
      "help wire", "remove NAME --json", "map NAME", "resize NAME 1M --json",
      "write NAME --json", "wire NAME --json",
    ])
  func full(_ words: String) async throws {
    try await withRegion { (name) async throws in
      let new = TestName("new")
      let arguments = words.split(separator: " ").map {
        $0 == "NAME" ? name.name : $0 == "NEW" ? new.name : String($0)
      }.joined(separator: " ")
      let full = try await Tool.shell("exec \"$SHMTOOL\" \(arguments) >/dev/full")
      #expect(full.code == 74)
      #expect(full.error.contains("no space left for the output"))
      if words != "create NEW 4K --json", words != "remove NAME --json" {
        let closed = try await Tool.shell("exec \"$SHMTOOL\" \(arguments) >&-")
        #expect(closed.code == 74)
        #expect(closed.error.contains("it is closed"))
      }
    }
  }

  @Test("read ends by SIGPIPE if its reader has ended")
  func brokenPipe() async throws {
    try await withRegion("4M") { (name) async throws in
      let result = try await Tool.shell(
        "set -o pipefail; \"$SHMTOOL\" read \(name) | head -c 1 >/dev/null; echo ${PIPESTATUS[0]}")
      #expect(result.text == "141\n")
    }
  }

  @Test("a progress line is shown on request, and erased at the end")
  func progress() async throws {
    try await withRegion("8K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "an unknown command gets a suggestion of a similar name or meaning",
    arguments: [
      ("delete x", "remove"), ("lock x", "wire"), ("munlock x", "unwire"), ("stat", "inspect"),
      ("wier x", "wire"), ("creat x 1M", "create"), ("insepct x", "inspect"), ("Wire x", "wire"),
      ("recieve x", "receive"), ("help limit", "limits"), ("sned x", "send"), ("ulimit", "limits"),
    ])
  func suggestion(_ line: String, _ meant: String) async throws {
    let result = try await Tool.run(Tool.path, line.split(separator: " ").map(String.init))
    let words = line.split(separator: " ").filter { $0 != "help" }
    #expect(
      result.error
        == "shmtool: unknown subcommand '\(words[0])'; did you mean '\(meant)'? (see 'shmtool --help')\n"
    )
    #expect(result.code == 64)
  }

  @Test(
    "a usage error is one line on stderr with the reason and a reference to the help",
    arguments: [
      ("nonsense 1 2", "unknown subcommand 'nonsense' ("),
      ("help nonsense", "unknown subcommand 'nonsense' ("),
      ("--nonsense", "'--nonsense'"), ("create", "REGION is required"),
      ("create x", "SIZE or --from is required"),
      ("create x --nonsense", "'--nonsense'"), ("fill x --nonsense", "'--nonsense'"),
      ("wire --nonsense", "'--nonsense'"), ("fill x --byte 256", "from 0 to 255"),
      ("create 64M u1k", "expected a size such as"), ("create x 1P", "expected a size such as"),
      ("create x 4K --mode 999", "expected an octal mode"),
      (
        "list --output nam", "unknown column 'nam' for --output; did you mean 'name'? (see"
      ),
      ("fill x --zero --random", "--zero and --random cannot be used together"),
      ("fill x --zero --offset -1", "expected a size such as"),
      ("wire x --range 4M+0", "expected a non-empty range"),
      ("wait x --timeout 1d", "expected a duration such as"),
      ("wait x --equals \\q", "expected non-empty text"),
      ("map x --at 12", "expected a hexadecimal address"),
      ("fill x --zero --threads 0", "expected 1 to 256 threads"),
      ("create x 4K --huge=3M", "expected a page size such as"),
      ("wait x --at 9223372036854775807 --equals a", "exceeds 2^63 - 1"),
      ("wire --background", "a region is required"),
      ("map --private", "a region, --anonymous or --secret is required"),
    ])
  func usage(_ line: String, _ expected: String) async throws {
    for words in [line.split(separator: " ").map(String.init)] {
      let result = try await Tool.run(Tool.path, words)
      #expect(result.error.contains(expected), "\(result.error)")
      #expect(result.code == 64, "\(words)")
      #expect(result.output.isEmpty)
      #expect(result.error.hasPrefix("shmtool: "))
      #expect(result.error.split(separator: "\n").count == 1)
      #expect(result.error.contains("--help')"))
    }
  }
}

extension Substring {
  fileprivate func trimmingSuffix(while isCut: (Character) -> Bool) -> String {
    var text = self
    while let last = text.last, isCut(last) { text.removeLast() }
    return String(text)
  }
}
