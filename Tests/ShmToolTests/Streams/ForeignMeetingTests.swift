import ShmTestSupport
import Testing

@Suite("meetings with other programs' ends", .serialized)
struct ForeignMeetingTests {
  @Test("a late receiver gets the message busy, then the end of the connection, without an error")
  func busy() async throws {
    try await Streams.test()
  }

  @Test("a receiver that does not answer the greeting is dropped after 10 s")
  func silent() async throws {
    try await Streams.test()
  }

  @Test("an invalid ring is reported as a fault of the sender")
  func rings() async throws {
    try await Streams.test()
  }

  @Test(
    "a lack of memory or descriptors at this end is not reported as the death of the peer",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func shortages() async throws {
    try await Streams.test()
  }

  @Test(
    "if recv cannot notify the sender, the error says that the file is complete",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func notNotified() async throws {
    try await Streams.test()
  }
}
