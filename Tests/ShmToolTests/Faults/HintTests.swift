import ShmTestSupport
import Testing

@Suite("a hint")
struct HintTests {
  @Test("never advises to remove, overwrite or weaken what stands at a name")
  func takenNames() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("never advises to remove or weaken the directory that streams are to meet in")
  func streamDirectories() async throws {
    try await Python.test()
  }

  @Test(
    "names only options that its command has, in every command",
    .enabled(if: TestEnvironment.mayMount, "needs root, for a /dev/shm of its own"))
  func everyOption() async throws {
    let name = TestName()
    try await Python.test(named: name, alone: true)
    withExtendedLifetime(name) {}
  }
}
