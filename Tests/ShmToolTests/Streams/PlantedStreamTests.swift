import ShmTestSupport
import Testing

/// In a /dev/shm of their own, in which others have planted things.
@Suite(
  "streams among planted entries",
  .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
struct PlantedStreamTests {
  @Test("list and remove --stale follow no link, and connect only to verified sockets")
  func planted() async throws {
    try await Python.test(alone: true)
  }

  @Test("remove --stale removes the user's unused stream directories, whatever their modes")
  func directories() async throws {
    try await Python.test(alone: true)
  }

  @Test("a directory that others may use is refused, and no hint advises to remove it")
  func shared() async throws {
    try await Python.test(alone: true)
  }
}
