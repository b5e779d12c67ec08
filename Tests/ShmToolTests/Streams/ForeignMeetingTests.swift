import ShmTestSupport
import Testing

@Suite("meetings with other programs' ends", .serialized)
struct ForeignMeetingTests {
  @Test("a late receiver reads busy and then the end, and no error before")
  func busy() async throws {
    try await Streams.test()
  }

  @Test("a receiver that was greeted and does not answer loses its place after 10 s")
  func silent() async throws {
    try await Streams.test()
  }

  @Test("an invalid ring is reported as a fault of the sender")
  func rings() async throws {
    try await Streams.test()
  }

  @Test(
    "a shortage at this end is reported as such, not as the death of the peer",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func shortages() async throws {
    try await Streams.test()
  }

  @Test(
    "if the sender cannot be notified of a complete file, the error says that it is complete",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func untold() async throws {
    try await Streams.test()
  }
}
