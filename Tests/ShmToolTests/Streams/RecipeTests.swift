import ShmTestSupport
import Testing

/// The recipes of the guide's page on streams, with other names.
@Suite("recipes of streams", .serialized)
struct RecipeTests {
  @Test("hand a file over")
  func handOver() async throws {
    try await Streams.test()
  }

  @Test("fan out to four consumers")
  func fanOut() async throws {
    try await Streams.test()
  }

  @Test(
    "cross from one container to another that shares the rendezvous",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
  func containers() async throws {
    try await Streams.test()
  }

  @Test(
    "go on to another machine through socat",
    .enabled(if: TestEnvironment.mayMount, "needs the right to make network namespaces"),
    .enabled(if: TestEnvironment.has("socat") && TestEnvironment.has("ip"), "needs socat and ip"))
  func network() async throws {
    try await Streams.test()
  }
}
