import Glibc
import ShmTestSupport
import Testing

@Suite("wire --background, wire --list and unwire")
struct BackgroundTests {
  @Test("wire --background returns when the pages are wired, and unwire ends the holder")
  func life() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("wire --background reports the reason and status if the holder cannot wire")
  func failure() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("a refusal because of a background holder names the command that ends the holder")
  func refusal() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("a killed holder does not affect the next holder")
  func killed() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("unwire ends all holders of the region, and no holder of another region")
  func several() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("--for and --while-pid end the holder")
  func terms() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("the holder ends if its starter was killed before the pages were wired")
  func orphan() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "for holders of another user unwire reports that they are not visible",
    .enabled("needs root, setpriv, and a binary others may run") { try await Nobody.isUsable() })
  func hidden() async throws {
    try await withRegion("64K", ["--mode", "666"]) { (name) async throws in
      let held = try await Tool.run("wire", name.name, "--background", "-q")
      #expect(held.code == 0)
      let unwired = try await Nobody.run("unwire", name.name)
      #expect(unwired.code == 66)
      #expect(
        unwired.error.hasSuffix("with wired memory could not be inspected (permission denied)\n"))
      let listed = try await Nobody.run("wire", "--list", name.name, "--json")
      let report = try JSON(report: listed.output)
      #expect(report.holders == [] && (report.hidden_processes.integer ?? 0) > 0)
      #expect(try await Tool.run("unwire", name.name, "-q").code == 0)
    }
  }

  @Test(
    "wire --list reports unknown, not 0, for holders that hidepid hides",
    .enabled("needs root, setpriv, and a binary others may run") { try await Nobody.isUsable() },
    .enabled(if: TestEnvironment.mayMount, "needs root with CAP_SYS_ADMIN to mount"),
    .enabled(if: TestEnvironment.has("unshare"), "needs unshare"))
  func hidePid() async throws {
    try await withRegion("64K", ["--mode", "666"]) { (name) async throws in
      let result = try await Tool.shell(
        """
        exec 9<"$SHMTOOL"
        /proc/self/fd/9 wire \(name) --background -q || exit 98
        unshare -m --propagation private bash -c '
          mount -t proc -o hidepid=2 proc /proc || exit 99
          exec setpriv --reuid 65534 --regid 65534 --clear-groups sh -c "
            /proc/self/fd/9 wire --list \(name) --json; /proc/self/fd/9 wire --list \(name)
          "'
        code=$?
        /proc/self/fd/9 unwire \(name) -q || exit 97
        exit $code
        """)
      try #require(result.code == 0, "\(result.error)")
      let lines = result.text.split(separator: "\n")
      let report = try JSON(report: try #require(lines.first).utf8)
      #expect(report.holders == [])
      #expect(report.has("hidden_processes") && report.hidden_processes == .null)
      #expect(
        lines.last
          == "(processes of other users could not be inspected)")
    }
  }
}
