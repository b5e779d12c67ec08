import Glibc
import ShmTestSupport
import Testing

@Suite("every holder is found, and ended")
struct HolderSearchTests {
  @Test("lists and ends a holder that could wire nothing")
  func nothingWired() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("shows the name that a removed region had, whatever it looks like")
  func removedName() async throws {
    try await Python.test(named: TestName())
  }

  @Test(
    "lists and ends holders of huge pages, and the pool has its pages again",
    .enabled(if: TestEnvironment.hasHugePages, "needs huge pages: Scripts/test lends some"),
    .enabled(if: TestEnvironment.mayMount, "needs root with CAP_SYS_ADMIN to mount"))
  func hugePages() async throws {
    try await Python.test()
  }

  @Test("names a holder that is stopped, ends all others, and exits with the first failure")
  func stopped() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "says that a holder is frozen, and in which group",
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
    "says that a holder of another user may not be signalled or looked at",
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

  @Test("is not misled by a process that only has the words of a holder")
  func impostor() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
