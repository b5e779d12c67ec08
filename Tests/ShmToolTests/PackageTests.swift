import Glibc
import ShmTestSupport
import Testing

@Suite("Scripts/package", .enabled(if: Sources.areReadable, "needs the sources"))
struct PackageTests {
  @Test(
    "packs a Debian package and a tarball with checksums, and the same files a second time",
    .enabled(if: TestEnvironment.has("dpkg-deb"), "needs dpkg-deb"),
    .enabled(if: Tool.isStatic, "needs the release build"))
  func packs() async throws {
    try await Python.test(Sources.root)
  }

  @Test(
    "refuses a binary that needs libraries",
    .enabled(if: TestEnvironment.has("dpkg-deb"), "needs dpkg-deb"))
  func refusesLibraries() async throws {
    try await Python.test(Sources.root)
  }

  @Test(
    "refuses other words at once, without a build",
    arguments: [
      ("--outputs", "unknown option"), ("/tmp", "did you mean '--output /tmp'?"),
      ("--output", "--output requires a directory"), ("--output=", "--output requires a directory"),
    ])
  func refused(_ words: String, _ message: String) async throws {
    let result = try await Tool.run("\(Sources.root)/Scripts/package", [words])
    #expect(result.code == 64 && result.error.contains(message), "\(result.error)")
    #expect(result.output.isEmpty)
  }

  @Test("shows its options")
  func help() async throws {
    let result = try await Tool.run("\(Sources.root)/Scripts/package", ["--help"])
    #expect(result.code == 0 && result.error.isEmpty)
    #expect(result.text.hasPrefix("USAGE:") && result.text.contains("SHA256SUMS"))
  }

  @Test(
    "names the commit of its own checkout, and '+' after a change",
    .enabled(if: TestEnvironment.has("git"), "needs git"))
  func namesCommit() async throws {
    try await Python.test(Sources.root)
  }

  @Test("the service waits for its region, wires it, and notifies the service manager")
  func unitWires() async throws {
    let name = TestName("unit")
    try await Python.test(named: name, Sources.root)
  }

  @Test(
    "systemd accepts the unit template",
    .enabled(if: TestEnvironment.has("systemd-analyze"), "needs systemd-analyze"),
    .enabled(
      if: unsafe access("/run/systemd", F_OK) == 0 || TestEnvironment.isRoot,
      "needs root, or the directory /run/systemd"))
  func unitIsAccepted() async throws {
    try await Python.test(Sources.root)
  }
}
