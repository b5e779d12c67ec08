import ShmTestSupport
import Testing

/// The framed form of a stream, against an independent implementation in Python.
@Suite("framed streams")
struct FramedStreamTests {
  @Test("another program reads the framed form that recv writes")
  func writes() async throws {
    try await Streams.test()
  }

  @Test("send reads the framed form that another program writes, and acknowledges it")
  func reads() async throws {
    try await Streams.test()
  }

  @Test("a framed stream that is cut, damaged or reordered is never accepted as complete")
  func damaged() async throws {
    try await Streams.test()
  }

  @Test("recv succeeds only after a valid acknowledgement of exactly what it wrote")
  func acknowledgement() async throws {
    try await Streams.test()
  }

  @Test(
    "a stream through a compressing relay is acknowledged, and the report says so")
  func relay() async throws {
    try await Streams.test()
  }

  @Test("send runs the command that writes the framed form")
  func command() async throws {
    try await Streams.test()
  }

  @Test("--framed refuses options that cannot be combined with it")
  func words() async throws {
    try await Streams.test()
  }

  @Test(
    "between two hosts a broken transfer is never accepted as complete",
    .enabled(if: TestEnvironment.mayMount, "needs the right to make network namespaces"),
    .enabled(
      if: TestEnvironment.has("socat") && TestEnvironment.has("ip"), "needs socat and iproute2"))
  func hosts() async throws {
    try await Python.test(script: "Streams/hosts", alone: true)
  }
}
