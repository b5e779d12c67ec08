import ShmTestSupport
import Testing

/// Other ends, in Python and from the guide "The stream protocol" alone: good ones and hostile ones.
@Suite("streams with other programs' ends", .serialized)
struct ForeignEndTests {
  @Test("a sender and a receiver written from the guide transfer every byte")
  func good() async throws {
    try await Streams.test()
  }

  @Test("a peer that dies or aborts is reported as such, and the stream is never complete")
  func failing() async throws {
    try await Streams.test()
  }

  @Test("a peer that signals without transferring bytes reaches the stall time limit")
  func ringing() async throws {
    try await Streams.test()
  }

  @Test(
    "a full event, or another file as the event, delays this end at most by its time limit")
  func fullEvent() async throws {
    try await Streams.test()
  }

  @Test("constantly changing positions and flags end the stream without a crash")
  func mutating() async throws {
    try await Streams.test()
  }
}
