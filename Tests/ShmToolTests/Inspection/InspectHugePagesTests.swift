import ShmTestSupport
import Testing

@Suite("inspect, huge pages", .serialized)
struct InspectHugePagesTests {
  @Test(
    "huge pages of the pool are counted, also with holes",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"),
    .enabled(if: TestEnvironment.hasHugePages, "needs a pool of huge pages"))
  func pool() async throws {
    try await Python.test()
  }

  @Test(
    "transparent huge pages of a tmpfs are distinguished from ordinary pages",
    .enabled(if: TestEnvironment.maySeeFrames, "needs root with CAP_SYS_ADMIN and kpageflags"))
  func transparent() async throws {
    try await Python.test()
  }
}
