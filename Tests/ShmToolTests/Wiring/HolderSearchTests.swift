import Glibc
import ShmTestSupport
import Testing

@Suite("Search for holders")
struct HolderSearchTests {
  @Test("a holder without wired pages is listed and ended")
  func nothingWired() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("a removed region is listed with its former name, whatever that is")
  func removedName() async throws {
    try await Python.test(named: TestName())
  }

  @Test(
    "holders of huge pages are listed and ended, and the pages return to the pool",
    .enabled(if: TestEnvironment.hasHugePages, "needs huge pages: Scripts/test lends some"),
    .enabled(if: TestEnvironment.mayMount, "needs root with CAP_SYS_ADMIN to mount"))
  func hugePages() async throws {
    try await Python.test()
  }

  @Test("a stopped holder is reported, all others end, and unwire exits with the first failure")
  func stopped() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "a frozen holder is reported with its control group",
    .enabled(
      if: unsafe geteuid() == 0
        && access("/sys/fs/cgroup/freezer/cgroup.procs", W_OK) == 0,
      "needs root and the freezer of control groups, version 1"))
  func frozen() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "a holder of another user is reported as not permitted",
    .enabled("needs root, setpriv, and a binary others may run") { try await Nobody.isUsable() })
  func notPermitted() async throws {
    try await withRegion("64K", ["--mode", "666"]) { (name) async throws in
      let held = try await Tool.run("wire", name.name, "--background", "--json")
      let pid = "\(try #require(try JSON(report: held.output).pid.integer))"
      let byRegion = try await Nobody.run("unwire", name.name)
      #expect(byRegion.code == 66)
      #expect(byRegion.error.contains("; background holder "))
      #expect(byRegion.error.contains(pid))
      let byNumber = try await Nobody.run("unwire", "--pid", pid)
      #expect(byNumber.code == 77)
      #expect(byNumber.error.contains("it belongs to root"))
      #expect(try await Tool.run("unwire", name.name, "-q").code == 0)
    }
  }

  @Test("unwire --pid ends several holders, given with commas or repeated")
  func severalProcesses() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("unwire --pid reports why it cannot end a process")
  func noHolder() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("a process that only has the arguments of a holder is not a holder")
  func impostor() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
