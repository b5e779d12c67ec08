import ShmTestSupport
import Testing

@Suite("printed references open the same region", .serialized)
struct ReferenceTests {
  @Test(
    "for every valid file name each command accepts the listed reference",
    .enabled(if: TestEnvironment.mayMount, "needs root, for a /dev/shm without other names"))
  func everyName() async throws {
    try await Python.test(named: TestName("references"))
  }

  @Test("references in messages and reports work, also for an ordinary user's regions")
  func ordinaryUser() async throws {
    let name = TestName()
    try await Python.test(named: name)
    withExtendedLifetime(name) {}
  }

  @Test("the reference of a stream opens the stream, never a region of the same name")
  func streams() async throws {
    let name = TestName()
    try await Python.test(named: name)
    withExtendedLifetime(name) {}
  }

  @Test("wire --list, unwire and inspect --pid print references that open the regions")
  func holders() async throws {
    let name = TestName()
    try await Python.test(named: name)
    withExtendedLifetime(name) {}
  }
}
