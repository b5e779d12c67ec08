import ShmTestSupport
import Testing

@Suite("streams among other programs' habits", .serialized)
struct StreamHabitTests {
  @Test("inputs whose messages have ends lose no byte, or say so")
  func messages() async throws {
    try await Streams.test()
  }

  @Test("two senders that read one pipe share it, and neither is held up by the other")
  func sharedInput() async throws {
    try await Streams.test()
  }

  @Test(
    "the leading end of a terminal gets the bytes, and so does one that may not be opened again")
  func terminals() async throws {
    try await Streams.test()
  }

  @Test("CMD gets the end of its input only if the data is complete")
  func provedFirst() async throws {
    try await Streams.test()
  }

  @Test(
    "a stall is that no byte moves: not a slow consumer, not a stop, and looks do not put it off")
  func stalls() async throws {
    try await Streams.test()
  }

  @Test("a full stderr does not delay a stream")
  func talk() async throws {
    try await Streams.test()
  }

  @Test("the lock of the directory is waited for as long as the meeting, with signals heard")
  func locked() async throws {
    try await Streams.test()
  }

  @Test(
    "parents that ignore their children's ends, and umasks that take everything, change nothing")
  func inherited() async throws {
    try await Streams.test()
  }

  @Test("connected receivers are notified if the sender gives up before all have connected")
  func givenUp() async throws {
    try await Streams.test()
  }

  @Test(
    "output files: long names, trailing slashes, mount points, sticky directories, foreign groups")
  func outputs() async throws {
    try await Streams.test()
  }
}
