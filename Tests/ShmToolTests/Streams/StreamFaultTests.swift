import ShmTestSupport
import Testing

@Suite("streams that fail", .serialized)
struct StreamFaultTests {
  @Test("never end with 0 if an end was killed, and the received data is a prefix")
  func killed() async throws {
    try await Streams.test()
  }

  @Test("end after the time limit if no peer connects, and if no byte moves")
  func timeouts() async throws {
    try await Streams.test()
  }

  @Test("have one sender and its receivers, and say that another is too many")
  func busy() async throws {
    try await Streams.test()
  }

  @Test("replace what a killed sender left, and nothing else")
  func stale() async throws {
    try await Streams.test()
  }

  @Test("fail at both ends if the output is full, closed, or without a reader")
  func outputs() async throws {
    try await Streams.test()
  }

  @Test("are aborted by a signal at either end, which ends by it", arguments: [1, 2, 15])
  func signals(_ number: Int) async throws {
    try await Streams.test("\(number)")
  }

  @Test("refuse a directory that is not this user's alone, and names that no socket can have")
  func places() async throws {
    try await Streams.test()
  }

  @Test("survive a peer that talks nonsense, lies about the ring, or says nothing")
  func hostile() async throws {
    try await Streams.test()
  }
}
