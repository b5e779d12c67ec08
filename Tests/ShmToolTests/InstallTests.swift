import ShmTestSupport
import Testing

@Suite("Scripts/install", .enabled(if: Sources.areReadable, "needs the sources"))
struct InstallTests {
  @Test(
    "installs the binary, the man pages and the completions below a directory, and removes only these"
  )
  func installs() async throws {
    let name = TestName("install")
    try await Python.test(named: name, Sources.root)
  }

  @Test(
    "refuses other words at once, without a build",
    arguments: [
      ("--uninstal", "unknown option"), ("/usr", "did you mean '--prefix /usr'?"),
      ("--prefix", "--prefix requires a directory"), ("--prefix=usr", "an absolute path"),
      ("--prefix=", "an absolute path"), ("--prefix /usr all", "extra operand 'all'"),
    ])
  func refused(_ words: String, _ message: String) async throws {
    let result = try await Tool.run(
      "\(Sources.root)/Scripts/install", words.split(separator: " ").map(String.init))
    #expect(result.code == 64 && result.error.contains(message), "\(result.error)")
    #expect(result.output.isEmpty)
  }
}
