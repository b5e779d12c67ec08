import Glibc
import ShmTestSupport
import Testing

@Suite("wire, and the memlock limit")
struct MemlockLimitTests {
  @Test(
    "wire accepts exactly the limit, and an error above it names the limit",
    arguments: [1, 2, 16])
  func exact(_ pages: Int) async throws {
    try await withRegion("\(pages * 4096)") { (name) async throws in
      try await Python.test(named: name, "\(pages)")
    }
  }

  @Test("a limit of 0 is named, and does not apply with the capability")
  func zero() async throws {
    try await withRegion { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "the command of the hint raises the limit, and wire succeeds",
    arguments: [
      ["R"], ["R", "--range", "0:1", "--range", "4K+8K"], ["R", "R", "R"],
      ["R", "--background"],
    ])
  func remedy(_ words: [String]) async throws {
    try await withRegion("48K") { (name) async throws in
      try await Python.test(named: name, words.joined(separator: " "))
    }
  }

  @Test("if a parent process lowered the limit, the hint names that process")
  func lowered() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "in a container the hint names the process that lowered the limit of another user",
    .enabled(if: TestEnvironment.mayMount, "needs root with CAP_SYS_ADMIN to mount"))
  func loweredForAnotherUser() async throws {
    try await Python.test()
  }

  @Test("--best-effort keeps the pages that could be wired, and reports the amount and reason")
  func bestEffort() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("if the second region is refused, no page of both regions stays wired")
  func together() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "a capability in a user namespace has no effect",
    .enabled(if: TestEnvironment.mayMakeUserNamespaces, "needs unshare and user namespaces"))
  func namespace() async throws {
    try await withRegion("64K", ["--mode", "666"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "the capability must be effective, not only permitted",
    .enabled("needs root, setpriv, and a binary others may run") { try await Nobody.isUsable() })
  func capability() async throws {
    try await withRegion("64K", ["--mode", "666"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
