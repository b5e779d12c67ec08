import Glibc
import ShmTestSupport
import Testing

@Suite("wire, and the memlock limit")
struct MemlockLimitTests {
  @Test(
    "wires what the limit allows, to the page, and says what it is past it",
    arguments: [1, 2, 16])
  func exact(_ pages: Int) async throws {
    try await withRegion("\(pages * 4096)") { (name) async throws in
      try await Python.test(named: name, "\(pages)")
    }
  }

  @Test("names the limit of 0, which only the capability passes")
  func zero() async throws {
    try await withRegion { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "succeeds when the shell has done what the message says",
    arguments: [
      ["R"], ["R", "--range", "0:1", "--range", "4K+8K"], ["R", "R", "R"],
      ["R", "--background"],
    ])
  func remedy(_ words: [String]) async throws {
    try await withRegion("48K") { (name) async throws in
      try await Python.test(named: name, words.joined(separator: " "))
    }
  }

  @Test("with --best-effort keeps what could be wired, and reports how much and why")
  func bestEffort() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("if the second region is refused, both stay unwired")
  func together() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "does not count a capability in a user namespace",
    .enabled(if: TestEnvironment.mayMakeUserNamespaces, "needs unshare and user namespaces"))
  func namespace() async throws {
    try await withRegion("64K", ["--mode", "666"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "needs the capability to be effective, not merely permitted",
    .enabled("needs root, setpriv, and a binary others may run") { try await Nobody.isUsable() })
  func capability() async throws {
    try await withRegion("64K", ["--mode", "666"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
