import ShmTestSupport
import Testing

@Suite("Errors as JSON")
struct JSONErrorTests {
  /// The error on the last line of stderr, which follows the schema.
  private func error(_ result: Tool.Result) throws -> JSON {
    let lines = result.error.split(separator: "\n")
    let error = try JSON(report: try #require(lines.last).utf8).error
    #expect(error.exit_status.integer == Int(result.code), "\(result.error)")
    let printed = lines.count { $0.hasPrefix(#"{"error":"#) }
    #expect(printed == 1, "\(result.error)")
    return error
  }

  @Test(
    "the last line of stderr is the error, after the sentence",
    arguments: [
      ("inspect MISSING -J", "not_found", true), ("fill MISSING --zero --json", "not_found", true),
      ("verify MISSING --zero -qJ", "not_found", true), ("write MISSING --json", "not_found", true),
      ("read MISSING -o /tmp/NEW -J", "not_found", true),
      ("resize MISSING 1M -J", "not_found", true),
      ("seal NAME grow -J", "incompatible", true), ("create NAME 1M -J", "exists", true),
      ("map MISSING -J", "not_found", true), ("map NAME MISSING -J", "not_found", true),
      ("wire NAME MISSING -J", "not_found", true), ("wire MISSING --list -J", "not_found", true),
      ("wire MISSING --background -J", "not_found", true), ("unwire NAME -J", "not_found", true),
      ("unwire --pid 999999999 -J", "not_found", false),
      ("copy MISSING NAME -J", "not_found", true),
      ("copy NAME MISSING@4K -J", "not_found", true),
      ("limits --pid 999999999 -J", "not_found", false),
      ("list --pid 0 -J", "usage", false),
      ("list --frobnicate -J", "usage", false), ("lst --json", "usage", false),
      ("fill NAME -J", "usage", false), ("create -J", "usage", false),
      ("remove --json", "usage", false),
      ("map NAME -J -- /nonexistent/program", "command_not_found", true),
      ("map NAME -J -- /dev/null", "cannot_run", true),
      ("create NEW 4K --wired -J -- /nonexistent", "command_not_found", true),
      ("recv NEW --timeout 10ms -J", "timed_out", true),
      ("send NEW --timeout 10ms -J /dev/null", "timed_out", true),
      ("send NEW -J --report-fd 99 /dev/null", "input_output", true),
      ("remove MISSING NAME -J", "not_found", true), ("inspect NAME MISSING -J", "not_found", true),
    ])
  func kinds(_ words: String, _ code: String, _ hasRegion: Bool) async throws {
    try await withRegion { (name) async throws in
      let (missing, new) = (TestName("missing"), TestName("new"))
      let arguments = words.split(separator: " ").map {
        String($0).replacing("NAME", with: name.name).replacing("MISSING", with: missing.name)
          .replacing("NEW", with: new.name)
      }
      let result = try await Tool.run(Tool.path, arguments)
      let error = try error(result)
      #expect(error.code.text == code, "\(result.error)")
      #expect((error.region != .null) == hasRegion, "\(error)")
      let message = try #require(error.message.text)
      #expect(result.error.contains("shmtool: \(message)"), "\(result.error)")
      if let hint = error.hint.text { #expect(result.error.contains(hint), "\(result.error)") }
      if words.contains("MISSING") { #expect(error.region == "\(missing)", "\(error)") }
    }
  }

  @Test("a failed check also prints an error object")
  func checks() async throws {
    try await withRegion { (name) async throws in
      let differs = try await Tool.run("verify", name.name, "--byte", "1", "-J")
      #expect(try error(differs).code == "check_failed" && differs.code == 1)
      #expect(try JSON(report: differs.output).equal == false)
      let limits = try await Tool.run("limits", "--need", "1024T", "-J")
      #expect(try error(limits).code == "check_failed" && limits.code == 1)
      #expect(try error(limits).message.text?.hasPrefix("cannot wire 1 PiB more: ") == true)
    }
  }

  @Test("a failed CMD prints an error object with its exit status", arguments: ["map", "wire"])
  func commands(_ command: String) async throws {
    try await withRegion { (name) async throws in
      let failed = try await Tool.run(
        Tool.path, [command, name.name, "-J", "--", "sh", "-c", "exit 42"])
      let error = try error(failed)
      #expect(error.code == "command_failed" && error.message == "'sh' exited with status 42")
      let killed = try await Tool.run(
        Tool.path, [command, name.name, "-J", "--", "sh", "-c", "kill -SEGV $$"])
      let signal = try self.error(killed)
      #expect(signal.message == "'sh' was killed by signal 11 (SIGSEGV)" && killed.code == 139)
      let fine = try await Tool.run(command, name.name, "-J", "--", "true")
      #expect(fine.code == 0 && !fine.error.contains("{"), "\(fine.error)")
    }
  }

  @Test("unwritable output prints an error object, a signal does not")
  func output() async throws {
    try await withRegion { (name) async throws in
      for words in ["list -J", "fill \(name) --zero -J", "limits -J", "map \(name) -J -- true"] {
        for target in ["/dev/full", "&-"] {
          let result = try await Tool.shell("exec \"$SHMTOOL\" \(words) >\(target)")
          #expect(try error(result).code == "input_output", "\(words) >\(target)")
        }
      }
      let broken = try await Tool.shell(
        "trap '' PIPE; { sleep 0.2; \"$SHMTOOL\" list -J; echo \"code $?\" >&2; } | true")
      #expect(broken.error.contains(#""code":"input_output""#), "\(broken.error)")
      let ended = try await Tool.shell(
        "\"$SHMTOOL\" map \(name) -J >/dev/null & sleep 0.3; kill $!; wait $!")
      #expect(ended.code == 143 && ended.error.isEmpty, "\(ended.error)")
    }
  }

  @Test("without --json no error object is printed")
  func text() async throws {
    for words in ["list --frobnicate", "inspect missing-region", "fill -- --json", "help J"] {
      let result = try await Tool.run(Tool.path, words.split(separator: " ").map(String.init))
      #expect(result.code != 0 && !result.error.contains("{"), "\(words): \(result.error)")
    }
  }
}
