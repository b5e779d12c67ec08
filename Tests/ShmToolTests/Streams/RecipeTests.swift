import ShmTestSupport
import Testing

/// The recipes of the guide's page on streams, with other names.
@Suite("recipes of streams", .serialized)
struct RecipeTests {
  @Test("a file is transferred")
  func handOver() async throws {
    try await Streams.test()
  }

  @Test("a stream goes to four consumers")
  func fanOut() async throws {
    try await Streams.test()
  }

  @Test(
    "a stream goes from one container to another with a shared stream directory",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
  func containers() async throws {
    try await Streams.test()
  }

  @Test(
    "a stream goes to another machine through socat",
    .enabled(if: TestEnvironment.mayMount, "needs the right to make network namespaces"),
    .enabled(if: TestEnvironment.has("socat") && TestEnvironment.has("ip"), "needs socat and ip"))
  func network() async throws {
    try await Streams.test()
  }
}
