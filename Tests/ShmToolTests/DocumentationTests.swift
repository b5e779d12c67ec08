import Glibc
import ShmTestSupport
import SystemPackage
import Testing

@testable import shmtool

/// The README and the guide: their commands run, their Swift examples compile, and the table of exit
/// statuses is complete.
@Suite("documentation", .enabled(if: Sources.areReadable, "needs the sources"))
struct DocumentationTests {
  @Test(
    "the commands of a page print the output that the page shows, as root and as an ordinary user",
    arguments: [
      "README.md", "Sources/shmtool/shmtool.docc/CommandLine.md",
      "Sources/shmtool/shmtool.docc/JSONOutput.md",
    ])
  func commands(_ page: String) async throws {
    let name = TestName("page")
    try await Documentation.run("commands.py", "\(Sources.root)/\(page)", name.name)
  }

  @Test(
    "the tutorial works for root and for an ordinary user, with Python and C",
    .enabled(if: TestEnvironment.has("cc") || TestEnvironment.has("clang"), "needs cc or clang"))
  func tutorial() async throws {
    let name = TestName("tutorial")
    try await Documentation.run(
      "commands.py", "\(Sources.root)/Sources/shmtool/shmtool.docc/Tutorial.md", name.name)
  }

  @Test(
    "the scripts of a page do what the page says, as root and as an ordinary user",
    .enabled(
      if: ["socat", "openssl", "zstd", "jq", "zsh", "fish"].allSatisfy(TestEnvironment.has),
      "needs socat, openssl, zstd, jq, zsh and fish"),
    arguments: ["Streams", "CommandLine", "Metrics", "JSONOutput"])
  func scripts(_ page: String) async throws {
    let name = TestName("script")
    try await Documentation.run(
      "scripts.py", "\(Sources.root)/Sources/shmtool/shmtool.docc/\(page).md", name.name)
  }

  @Test("the tour of Scripts/demo works for root and for an ordinary user")
  func demo() async throws {
    try await Documentation.run("demo.py", "\(Sources.root)/Scripts/demo")
  }

  @Test(
    "a script prints its usage with --help, and does nothing else",
    arguments: [
      "bench", "build", "check-arm64", "check-dependent", "check-docs", "check-kernel",
      "check-package", "demo", "install", "man", "package", "sweep", "test",
    ])
  func usage(_ script: String) async throws {
    for option in ["-h", "--help"] {
      let result = try await Tool.run("\(Sources.root)/Scripts/\(script)", [option])
      #expect(result.code == 0 && result.error.isEmpty, "\(result.error)")
      #expect(result.text.contains("Scripts/\(script)"), "\(result.text)")
    }
  }

  @Test("every option that a page shows exists")
  func options() async throws {
    try await Documentation.run("options.py", Sources.root)
  }

  @Test(
    "every Swift example compiles by itself",
    .enabled(if: Documentation.mayCompile, "needs swiftc and the built modules beside the tests"))
  func examples() async throws {
    try await Documentation.run("snippets.py", Sources.root, Documentation.products)
  }

  @Test(
    "the README's example runs with an ordinary memlock limit and removes its region",
    .enabled(if: Documentation.mayCompile, "needs swiftc and the built modules beside the tests"))
  func example() async throws {
    let name = TestName("example")
    try await Documentation.run(
      "snippets.py", Sources.root, Documentation.products, name.name)
  }

  @Test("every suite that SECURITY names exists")
  func claims() async throws {
    try await Documentation.run("claims.py", Sources.root)
  }

  @Test("the README lists the exit statuses and their meanings")
  func statuses() async throws {
    let readme = try Sources.text(of: "README.md")
    let section = try #require(
      readme.split(separator: "\n## ").first { $0.hasPrefix("Exit statuses\n") })
    // Two statuses in a row, each followed by its meaning; the first two lines are the heading.
    let cells = section.split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst(2)
      .flatMap { $0.dropFirst(2).dropLast(2).split(separator: " | ").map(String.init) }
    let listed = Dictionary(
      uniqueKeysWithValues: stride(from: 0, to: cells.count, by: 2).map {
        (cells[$0], cells[$0 + 1])
      })
    #expect(
      listed
        == Dictionary(uniqueKeysWithValues: ExitStatus.table.map { ($0.status, $0.meaning) }))
  }
}

/// The scripts that check the pages.
private enum Documentation {
  /// The directory of the built modules, beside the tests.
  static let products = Tool.directory

  /// Whether examples can be compiled.
  static let mayCompile: Bool = {
    let isBuilt = unsafe access("\(products)/Modules", R_OK) == 0
    return isBuilt && TestEnvironment.has("swiftc")
  }()

  /// Runs a script of the folder Documentation, which must succeed.
  static func run(_ script: String, _ arguments: String...) async throws {
    let file = "\(Sources.root)/Tests/ShmToolTests/Documentation/\(script)"
    let result = try await Tool.run("python3", [file] + arguments)
    #expect(result.code == 0, "\(result.text)\n\(result.error)")
  }
}
