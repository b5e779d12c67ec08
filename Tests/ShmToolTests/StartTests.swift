import ShmTestSupport
import Testing

@Suite("The program itself")
struct StartTests {
  @Test("--version prints the version on stdout, and nothing else")
  func version() async throws {
    let result = try await Tool.run("--version")
    #expect(result.code == 0)
    let parts = try #require(
      result.text.wholeMatch(of: /shmtool [0-9]+\.[0-9]+\.[0-9]+( \([0-9a-f]{12}\+?\))?\n/),
      "\(result.text)")
    // Scripts/build names the commit of a checkout.
    if Tool.isStatic, Sources.isCheckout, TestEnvironment.has("git") {
      #expect(parts.1 != nil, "\(result.text)")
    }
    #expect(result.error.isEmpty)
  }

  @Test(
    "the version is that of the newest release in the change log and documentation",
    .enabled(if: Sources.areReadable, "needs the sources"))
  func releasedVersion() async throws {
    let words = try await Tool.run("--version").text.split { $0 == " " || $0 == "\n" }
    let version = words[1]
    let newest = try Sources.text(of: "CHANGELOG.md")
      .firstMatch(of: /\n## \[([0-9]+\.[0-9]+\.[0-9]+)\] - [0-9]{4}-[0-9]{2}-[0-9]{2}\n/)
    #expect(newest?.1 == version)
    for document in ["README.md", "Sources/ShmCore/ShmCore.docc/GettingStarted.md"] {
      let dependencies = try Sources.text(of: document).matches(
        of: /shmtool[^\n]*from: "([^"]*)"/)
      #expect(dependencies.map(\.1) == [version], "\(document)")
    }
  }

  @Test(
    "the release binary needs no shared library, no /proc and no file",
    .enabled(if: Tool.isStatic, "needs the release build"),
    .enabled(if: TestEnvironment.mayMakeUserNamespaces, "needs unshare and user namespaces"))
  func alone() async throws {
    try await Python.test()
  }

  @Test("a region is created, listed and removed")
  func lifeOfARegion() async throws {
    let name = TestName()
    #expect(try await Tool.run("create", "\(name)", "1M").code == 0)
    #expect(name.exists)
    #expect(try await Tool.run("list").text.contains("\(name)"))
    #expect(try await Tool.run("remove", "\(name)").code == 0)
    #expect(!name.exists)
  }
}
