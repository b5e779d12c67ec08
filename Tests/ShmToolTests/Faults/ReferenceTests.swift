import ShmTestSupport
import Testing

@Suite("printed references open the same region", .serialized)
struct ReferenceTests {
  @Test(
    "every name that a file can have is listed so that each command reaches that inode",
    .enabled(if: TestEnvironment.mayMount, "needs root, for a /dev/shm without other names"))
  func everyName() async throws {
    try await Python.test(named: TestName("references"))
  }

  @Test("so do the names of an ordinary user's regions, and what messages and reports print")
  func ordinaryUser() async throws {
    let name = TestName()
    try await Python.test(named: name)
    withExtendedLifetime(name) {}
  }

  @Test("the names of streams lead to the stream, and never to a region of that name")
  func streams() async throws {
    let name = TestName()
    try await Python.test(named: name)
    withExtendedLifetime(name) {}
  }

  @Test("wire --list, unwire and inspect --pid print references that reach the regions")
  func holders() async throws {
    let name = TestName()
    try await Python.test(named: name)
    withExtendedLifetime(name) {}
  }
}
