import ShmTestSupport
import Testing

/// Other ends, in Python and from the guide "The stream protocol" alone: good ones and hostile ones.
@Suite("streams with other programs' ends", .serialized)
struct ForeignEndTests {
  @Test("a receiver and a sender that were written from the guide get and give every byte")
  func good() async throws {
    try await Streams.test()
  }

  @Test("one that goes, or gives up, is told as that, and never taken for whole")
  func failing() async throws {
    try await Streams.test()
  }

  @Test("one that rings all the time and moves nothing stalls the stream all the same")
  func ringing() async throws {
    try await Streams.test()
  }

  @Test(
    "one whose event is full, and would be waited for, or is no event, keeps nobody from its limit")
  func deafening() async throws {
    try await Streams.test()
  }

  @Test("positions and flags that change all the time end a stream, and crash nobody")
  func mutating() async throws {
    try await Streams.test()
  }
}
