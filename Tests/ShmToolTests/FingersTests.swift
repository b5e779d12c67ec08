import ShmTestSupport
import Testing

@Suite("habits from other programs")
struct FingersTests {
  private func run(_ line: String) async throws -> Tool.Result {
    try await Tool.run(Tool.path, line.split(separator: " ").map(String.init))
  }

  @Test(
    "usage errors name the expected values, with the placeholders of the help",
    arguments: [
      ("resize x", "SIZE is required"), ("recv", "NAME is required"),
      ("seal", "REGION is required"),
      ("seal x", "at least one SEAL is required"), ("copy x", "TO is required"),
      ("copy x --nope", "unknown option '--nope'"),
      ("copy x --lenght=4K", "unknown option '--lenght'; did you mean '--length'?"),
      ("copy -qf x", "TO is required"), ("copy --length 4K x", "TO is required"),
      ("resize -Z", "unknown option '-Z'"), ("create -s64K", "REGION is required"),
      ("create x 4K more", "extra operand 'more'"), ("limits a b", "extra operands 'a', 'b'"),
      ("create x 4K -- ./server", "extra operand './server'; CMD requires --wired"),
      ("create x -5", "'-5' is not a size; write a name that begins with '-' after '--'"),
      ("resize x -4096", "'-4096' is not a size"), ("resize -1", "'-1' is not a size"),
      ("create -s 4K", "REGION is required"),
      ("create x 4K --size 8K", "SIZE and --size cannot be used together"),
      ("inspect --pid x1", "invalid PID 'x1' for --pid: expected a process ID, such as 1234"),
      ("inspect --pid -5", "invalid PID '-5' for --pid: expected a process ID"),
      ("limits --pid 0", "invalid PID '0' for --pid: expected a process ID"),
      ("unwire x --pid 5", "REGION and --pid cannot be used together"),
      ("unwire", "a region or --pid is required"),
      ("unwire --pid 99999999999", "invalid PID '99999999999' for --pid"),
      ("wire x --while-pid me", "invalid PID 'me' for --while-pid: expected a process ID"),
      ("wire x --ready-fd out", "invalid FD 'out' for --ready-fd: expected the number of"),
      ("send x --report-fd -1", "invalid FD '-1' for --report-fd"),
      ("create x 4Q", "invalid SIZE '4Q': expected a size such as"),
      ("fill x", "--zero, --byte, --pattern, --sequence, --random or --file is required"),
      ("verify x --sequence --byte 1", "--byte and --sequence cannot be used together"),
      ("wait x --timeout", "--timeout requires a value: DURATION"),
      ("list --stale=yes", "--stale takes no value, but 'yes' was given"),
      (
        "--json list",
        "option '--json' precedes the command; options follow it: 'shmtool list --json'"
      ),
      ("help list --json", "'help' takes no options but only COMMAND: '--json'"),
      ("-1", "unknown option '-1'"), ("seal x foo", "invalid SEAL 'foo': expected one or more of"),
      ("seal x grow,bar", "invalid SEAL 'grow,bar': expected one or more of shrink"),
      ("send a/b", "invalid NAME 'a/b': a stream name cannot contain '/'"),
      ("recv stream:x/", "invalid NAME 'stream:x/': a stream name cannot contain '/'"),
      ("send x --receivers 17", "invalid COUNT '17' for --receivers: expected 1 to 16"),
      ("send x --receivers 0", "invalid COUNT '0' for --receivers: expected 1 to 16"),
      ("list --watch=abc", "invalid DURATION 'abc' for --watch"),
      ("create x 1M --huge=3M", "invalid SIZE '3M' for --huge"),
      ("help nonsense", "unknown subcommand 'nonsense'"),
      ("create x 4K --mode u=rws", "invalid MODE 'u=rws' for --mode: expected an octal mode"),
    ])
  func messages(_ line: String, _ message: String) async throws {
    let result = try await run(line)
    #expect(result.error.hasPrefix("shmtool: \(message)"), "\(result.error)")
    #expect(result.code == 64)
    #expect(result.output.isEmpty)
    // The words ask for JSON in one case, which follows as a second line.
    #expect(result.error.split(separator: "\n").count == (line.contains("--json") ? 2 : 1))
  }

  @Test(
    "a wrong option gets a suggestion only if a similar option exists",
    arguments: [
      ("list --jsn", "--json"), ("list --wach", "--watch"), ("wire x --lst", "--list"),
      ("create x 4K --sprase", "--sparse"),
      ("wire x --backgruond", "--background"),
      ("list --no-head", "--no-headings"), ("recv x --stall-timeuot 1s", "--stall-timeout"),
      ("list --verbose", nil), ("wire x --nope", nil), ("list --recursive", nil),
      ("read x --hxe", "--hex"),
      ("copy a b --lenght 5", "--length"), ("remove x --al", nil), ("list -z", nil),
    ] as [(String, String?)])
  func suggestions(_ line: String, _ meant: String?) async throws {
    let result = try await run(line)
    let option = line.split(separator: " ").first { $0.hasPrefix("-") } ?? ""
    let expected =
      "shmtool: unknown option '\(option)'" + (meant.map { "; did you mean '\($0)'?" } ?? "")
    #expect(result.error.hasPrefix(expected + " ("), "\(result.error)")
    #expect(result.code == 64)
  }

  @Test("without arguments shmtool prints the commands on stderr, and exits as for a usage error")
  func bare() async throws {
    let result = try await Tool.run(Tool.path, [])
    #expect(result.code == 64 && result.output.isEmpty)
    let lines = result.error.split(separator: "\n")
    #expect(lines.count < 35 && lines.allSatisfy { $0.count <= 80 })
    for command in ["create", "recv", "limits", "wait"] {
      #expect(lines.contains { $0.hasPrefix("  \(command) ") }, "\(command)")
    }
    #expect(lines.first == "Usage: shmtool COMMAND [OPTIONS] [OPERANDS]")
  }

  @Test(
    "help prints the same text as --help and -h, for every command",
    arguments: ["ls", "receive", "copy"])
  func help(_ command: String) async throws {
    let page = try await run("help \(command)")
    #expect(page.code == 0 && page.text.hasPrefix("OVERVIEW: "))
    for other in ["\(command) --help", "\(command) -h"] {
      #expect(try await run(other).text == page.text)
    }
    let own = try await run("help help")
    #expect(own.code == 0 && own.text.contains("USAGE: shmtool help [COMMAND]"))
    #expect(try await run("help -h").text == own.text)
  }

  @Test(
    "-V prints the version, as --version does",
    arguments: ["-V", "create -V", "ls -V", "create x 4K -V", "copy -q x -V"])
  func version(_ line: String) async throws {
    let result = try await run(line)
    #expect(result.code == 0)
    #expect(result.text == (try await run("--version").text))
  }

  @Test("-V is a value or a part of CMD if it stands there")
  func versionAsValue() async throws {
    try await withRegion("8K") { (name) async throws in
      let mapped = try await Tool.run("map", "-q", name.name, "--", "echo", "-V")
      #expect(mapped.code == 0 && mapped.text == "-V\n", "\(mapped.error)")
      let filled = try await Tool.run("fill", "-q", name.name, "--pattern", "-V")
      #expect(filled.code == 0 && filled.output.isEmpty, "\(filled.error)")
      #expect(try await name.contents().starts(with: "-V-V".utf8))
    }
  }

  @Test(
    "a wrong subcommand gets all subcommands that are as near",
    arguments: [
      ("wrie", "'write' or 'wire'"), ("wrte", "'write'"), ("wiat", "'wait'"), ("mpa", "'map'"),
      ("raed", "'read'"), ("recieve", "'receive'"), ("lst", "'list'"), ("sned", "'send'"),
      ("unwrie", "'unwire'"), ("rea", "'read'"), ("sead", "'seal', 'read' or 'send'"),
      ("delete", "'remove'"), ("STAT", "'inspect'"), ("cp", "'copy'"), ("benchmark", "'bench'"),
      ("version", "'--version'"), ("top", "'list --watch'"),
      ("watch", "'list --watch', 'inspect --watch' or 'wait'"), ("nonsense", nil), ("q", nil),
    ] as [(String, String?)])
  func subcommands(_ word: String, _ meant: String?) async throws {
    let result = try await run(word)
    let expected =
      "shmtool: unknown subcommand '\(word)'" + (meant.map { "; did you mean \($0)?" } ?? "")
    #expect(result.error.hasPrefix(expected + " ("), "\(result.error)")
    #expect(result.code == 64)
  }

  @Test("create and resize accept the size as an option, too", arguments: ["-s", "--size"])
  func sizes(_ option: String) async throws {
    try await withName { (name) async throws in
      #expect(try await Tool.run("create", option, "64K", name.name).code == 0)
      #expect(name.size == 65536)
      #expect(try await Tool.run("resize", name.name, option, "96K").code == 0)
      #expect(name.size == 98304)
      #expect(
        try await Tool.run(
          "resize", name.name, "\(option == "-s" ? "-s" : "--size=")32K", "--shrink"
        ).code == 0)
      #expect(name.size == 32768)
    }
  }

  @Test(
    "modes are octal or symbolic as for chmod",
    arguments: [
      ("u=rw,g=r", 0o640), ("g+r", 0o640), ("a=r", 0o444), ("=rw", 0o666), ("go=u", 0o666),
      ("u-w", 0o400), ("u=rwx,go=rx", 0o755), ("+x", 0o711), ("ug+X", 0o600), ("u+x,a+X", 0o711),
      ("g+rw-w", 0o640), ("u=", 0o000), ("o=g", 0o600), ("0600", 0o600), ("a+rw,o-w,g=o", 0o644),
    ])
  func modes(_ mode: String, _ bits: Int) async throws {
    try await withName { (name) async throws in
      let made = try await Tool.run("create", name.name, "4K", "-m", mode)
      #expect(made.code == 0, "\(made.error)")
      #expect(name.mode == bits)
    }
  }

  @Test("remove -f ignores regions that do not exist, and nothing else")
  func removeForce() async throws {
    try await withRegion("4K") { (name) async throws in
      let result = try await Tool.run("rm", "-f", "/no-such-\(name.name)", name.name)
      #expect(result.code == 0, "\(result.error)")
      #expect(!result.error.contains("no-such"))
      #expect(!name.exists)
      #expect(try await Tool.run("rm", "-f", name.name).code == 0)
      #expect(try await Tool.run("rm", "-f").code == 0)
      #expect(try await Tool.run("rm", name.name).code == 66)
      // A file on another file system stays an error.
      #expect(try await Tool.run("rm", "-f", "/etc/passwd").code == 65)
    }
  }

  @Test(
    "errors that depend on the state of regions exit with 65",
    arguments: [
      "read NAME --offset 1G", "read NAME --offset 4K --length 1G", "write NAME --offset 64K",
      "fill NAME --zero --offset 60K --length 8K", "verify NAME --zero --length 65537",
      "resize NAME 4K", "resize NAME 128K --shrink", "copy NAME@64K file:/dev/null",
      "copy NAME NAME@4K", "copy file:/etc/passwd@1G NAME",
      "fill NAME --file /dev/zero --length 9M",
      "wire NAME --range 128K+4K", "wire NAME --range 2K+70K", "create NAME2 --from /dev/null",
      "wire NAME --offset 65536",
    ])
  func runTimeErrors(_ line: String) async throws {
    try await withRegion("64K") { (name) async throws in
      let result = try await run(
        line.replacing("NAME2", with: "\(name.name)-2").replacing("NAME", with: name.name))
      #expect(result.code == 65, "\(result.error)")
      #expect(!result.error.contains("--help"))
    }
  }

  @Test(
    "an empty input changes nothing, is no error, and has no rate",
    arguments: ["copy - NAME", "write NAME", "fill NAME --file -", "copy file:/dev/null NAME"])
  func emptyInput(_ line: String) async throws {
    try await withRegion("8K") { (name) async throws in
      let result = try await Tool.shell(
        "\"$SHMTOOL\" \(line.replacing("NAME", with: name.name)) < /dev/null")
      #expect(result.code == 0, "\(result.error)")
      #expect(result.error.contains("0 B") && !result.error.contains("B/s"), "\(result.error)")
    }
  }

  @Test("--watch with an operand that does not exist fails at once")
  func watchOfMistake() async throws {
    try await withRegion("8K") { (name) async throws in
      let result = try await Tool.run("inspect", name.name, "--watch", "\(name.name)-absent")
      #expect(result.code == 66 && result.output.isEmpty, "\(result.error)")
    }
  }

  @Test("ls -l adds the mode, the inode and the reference", arguments: ["ls -l", "list --long"])
  func long(_ line: String) async throws {
    try await withRegion("8K") { (name) async throws in
      let result = try await run("\(line) \(name.name)")
      #expect(result.code == 0)
      let lines = result.text.split(separator: "\n")
      for heading in ["MODE", "INODE", "REFERENCE"] {
        #expect(lines.first?.contains(heading) == true, "\(result.text)")
      }
      #expect(lines.count == 2 && lines[1].contains("0600"), "\(result.text)")
      #expect(try await run("\(line) --output name").code == 64)
    }
  }

  @Test(
    "--color overrides the terminal and NO_COLOR",
    arguments: [
      ("--color=always", true), ("--color always", true), ("--color=never", false),
      ("--color=auto", false), ("", false),
    ])
  func color(_ option: String, _ isColoured: Bool) async throws {
    try await withRegion("8K") { (name) async throws in
      let result = try await Tool.shell("NO_COLOR=1 \"$SHMTOOL\" inspect \(name) \(option)")
      #expect(result.code == 0 && result.text.contains("\u{1B}[") == isColoured, "\(result.text)")
      let wrong = try await Tool.run("inspect", name.name, "--color=red")
      #expect(wrong.code == 64 && wrong.error.contains("expected auto, always or never"))
    }
  }
}
