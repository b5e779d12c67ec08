import ShmTestSupport
import Testing

/// Completion in the shells: hostile names are words and nothing else.
@Suite("completion")
struct CompletionTests {
  static let shells = ["bash", "zsh", "fish"]

  /// The words that are offered for a command line.
  private func offered(
    _ line: String, environment: [String: String] = [:]
  ) async throws -> [String] {
    let answer = try await Tool.run(
      Tool.path, ["---complete", "fish", "shmtool " + line], environment: environment)
    #expect(answer.code == 0 && answer.error.isEmpty)
    let records = answer.text.split(separator: "\0", omittingEmptySubsequences: false).dropLast()
    #expect(records.first == "words")
    return records.dropFirst().map { String($0.split(separator: "\t")[0]) }
  }

  @Test(
    "in bash an accepted name is passed to the command exactly, and is not evaluated",
    .enabled(if: TestEnvironment.has("bash"), "needs bash"))
  func bash() async throws {
    try await Python.test(script: "Completion/hostile", named: TestName("b"), "bash")
  }

  @Test(
    "in zsh an accepted name is passed to the command exactly, and is not evaluated",
    .enabled(if: TestEnvironment.has("zsh"), "needs zsh"))
  func zsh() async throws {
    try await Python.test(script: "Completion/hostile", named: TestName("z"), "zsh")
  }

  @Test(
    "in fish an accepted name is passed to the command exactly, and is not evaluated",
    .enabled(if: TestEnvironment.has("fish"), "needs fish"))
  func fish() async throws {
    try await Python.test(script: "Completion/hostile", named: TestName("f"), "fish")
  }

  @Test("several names are listed without a raw control character", arguments: shells)
  func listed(_ shell: String) async throws {
    guard TestEnvironment.has(shell) else { try TestEnvironment.skip("needs \(shell)") }
    try await Python.test(script: "Completion/listed", named: TestName("l"), shell)
  }

  @Test("files with hostile names are copied by the names that are offered", arguments: shells)
  func files(_ shell: String) async throws {
    guard TestEnvironment.has(shell) else { try TestEnvironment.skip("needs \(shell)") }
    try await Python.test(script: "Completion/files", named: TestName("r"), shell)
  }

  @Test("for bash 120 random names are quoted, after any typed prefix")
  func quoted() async throws {
    try await Python.test(script: "Completion/quoted", named: TestName("q"))
  }

  @Test(
    "completion changes nothing",
    .enabled(if: TestEnvironment.has("strace"), "needs strace"))
  func silent() async throws {
    try await Python.test(script: "Completion/silent", named: TestName("s"))
  }

  @Test("hostile names of regions and processes are printed without a raw control character")
  func printed() async throws {
    try await Python.test(script: "Completion/printed", named: TestName("p"))
  }

  @Test("subcommands, options and their values are offered")
  func words() async throws {
    #expect(try await offered("li") == ["list", "limits"])
    #expect(try await offered("l") == ["list", "ls", "limits"])
    #expect(try await offered("rec") == ["recv", "receive"])
    #expect(try await offered("help wir") == ["wire"])
    #expect(try await offered("--v") == ["--version"])
    #expect(try await offered("-V") == ["-V"])
    #expect(try await offered("create -V") == ["-V"])
    #expect(try await offered("fill x --se") == ["--sequence", "--seed"])
    #expect(try await offered("fill x --quiet --q").isEmpty)
    #expect(try await offered("list --output kind,na") == ["kind,name"])
    #expect(try await offered("list --output=kind,na") == ["--output=kind,name"])
    #expect(try await offered("list --output kind,k") == ["kind,key"])
    #expect(try await offered("list --output kind,kin").isEmpty)
    #expect(try await offered("list -o +ino") == ["+inode"])
    #expect(try await offered("list -o +inode,mo") == ["+inode,mode"])
    #expect(try await offered("list -o +inode,ino").isEmpty)
    #expect(try await offered("list -o al") == ["allocated", "all"])
    #expect(try await offered("list -o 'kind, na") == ["kind, name"])
    #expect(try await offered("list --sort al") == ["allocated"])
    #expect(try await offered("list --sort -al") == ["-allocated"])
    #expect(try await offered("list --sort=-al") == ["--sort=-allocated"])
    #expect(try await offered("list --sort kind,-al") == ["kind,-allocated"])
    #expect(try await offered("list --sort -kind,k") == ["-kind,key"])
    #expect(try await offered("ls --kind me") == ["memfd"])
    #expect(try await offered("ls --kind memfd,p") == ["memfd,posix"])
    #expect(try await offered("list --pid 0,1").contains("0,1"))
    #expect(try await offered("seal pid:1:2 shrink,gr") == ["shrink,grow"])
    #expect(try await offered("create x --huge=t") == ["--huge=try", "--huge=transparent"])
    #expect(try await offered("list --user roo") == ["root"])
    #expect(try await offered("list --pid 1").contains("1"))
    #expect(try await offered("wire x -- bas").contains("bash"))
    #expect(try await offered("nonsense ").isEmpty)
    #expect(try await offered("inspect $HO").isEmpty)
    #expect(try await offered("inspect -- --").isEmpty)
    #expect(try await offered("list | shmtool lim") == ["limits"])
  }

  @Test("the offered word for a region opens this region")
  func regions() async throws {
    let name = TestName("x")
    // Whatever a beginning could be taken for.
    for (typed, lead, word) in [
      ("inspect ", "", ""), ("inspect ", "/", "/"), ("rm ", "", ""), ("map ", "", ""),
      ("wire a ", "", ""), ("copy ", "", ""), ("copy a ", "", ""), ("inspect --watch ", "", ""),
      ("list ", "", ""), ("list other ", "/", "/"), ("list --kind memfd ", "", ""),
      ("inspect --json=1 ", "", ""), ("read --offset 4K ", "", ""), ("fill -q ", "", ""),
    ] {
      _ = try await Tool.run("create", name.name, "4K", "--open")
      #expect(try await offered("\(typed)\(lead)\(name)") == ["\(word)\(name)"], "\(typed)")
    }
    #expect(try await offered("seal \(name)").isEmpty)
    #expect(try await offered("create \(name)").isEmpty)
  }

  @Test("an ambiguous name is offered with its slash")
  func slashes() async throws {
    try await Python.test(named: TestName())
  }

  @Test("streams are offered to recv and remove, and are not connected to")
  func streams() async throws {
    try await Python.test(named: TestName())
  }

  @Test("scripts are printed for three shells and contain no region name", arguments: shells)
  func scripts(_ shell: String) async throws {
    for words in [
      ["--generate-completion-script", shell], ["--generate-completion-script=\(shell)"],
      ["list", "--generate-completion-script", shell],
    ] {
      let made = try await Tool.run(Tool.path, words)
      #expect(made.code == 0 && made.error.isEmpty)
      #expect(made.text.contains("---complete \(shell)"))
      #expect(!made.text.contains("compgen") && !made.text.contains("eval "))
    }
    let detected = try await Tool.run(
      Tool.path, ["--generate-completion-script"], environment: ["SHELL": "/usr/bin/\(shell)"])
    #expect(detected.text.contains("---complete \(shell)"))
    if TestEnvironment.has(shell) {
      let checked = try await Tool.shell(
        "\"$SHMTOOL\" --generate-completion-script \(shell) | \(shell) -n")
      #expect(checked.code == 0 && checked.error.isEmpty, "\(checked.error)")
    }
    let unknown = try await Tool.run("--generate-completion-script", "tcsh")
    #expect(unknown.code == 64 && unknown.error.contains("bash, zsh, fish"))
  }
}
