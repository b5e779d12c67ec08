import ShmTestSupport
import Testing

@Suite("Hints of messages")
struct HintTests {
  @Test("no hint advises to remove, overwrite or weaken an existing object")
  func takenNames() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("no hint advises to remove or weaken the directory of streams")
  func streamDirectories() async throws {
    try await Python.test()
  }

  @Test(
    "a hint names only options of its command",
    .enabled(if: TestEnvironment.mayMount, "needs root, for a /dev/shm of its own"))
  func everyOption() async throws {
    let name = TestName()
    try await Python.test(named: name, alone: true)
    withExtendedLifetime(name) {}
  }
}
