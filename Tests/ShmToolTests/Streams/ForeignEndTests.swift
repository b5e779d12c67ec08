import ShmTestSupport
import Testing

/// Other ends, in Python and from the guide "The stream protocol" alone: good ones and hostile ones.
@Suite("streams with other programs' ends", .serialized)
struct ForeignEndTests {
  @Test("a receiver and a sender that were written from the guide get and give every byte")
  func good() async throws {
    try await Streams.test()
  }

  @Test("an end that dies or gives up is reported as such, and the data never counts as complete")
  func failing() async throws {
    try await Streams.test()
  }

  @Test("one that rings all the time and moves nothing stalls the stream all the same")
  func ringing() async throws {
    try await Streams.test()
  }

  @Test(
    "a full event, or another file as the event, does not delay this end beyond its time limit")
  func deafening() async throws {
    try await Streams.test()
  }

  @Test("positions and flags that change all the time end the stream, and cause no crash")
  func mutating() async throws {
    try await Streams.test()
  }
}
