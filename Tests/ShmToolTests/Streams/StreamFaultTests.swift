import ShmTestSupport
import Testing

@Suite("streams that fail", .serialized)
struct StreamFaultTests {
  @Test("if an end is killed, the other end fails, and the received data is a prefix")
  func killed() async throws {
    try await Streams.test()
  }

  @Test("a stream ends after the time limit if no peer connects, or if no byte is transferred")
  func timeouts() async throws {
    try await Streams.test()
  }

  @Test("a further sender or receiver of a stream is refused")
  func busy() async throws {
    try await Streams.test()
  }

  @Test("a sender replaces the socket of a killed sender, and no other object")
  func stale() async throws {
    try await Streams.test()
  }

  @Test("both ends fail if the output is full, closed or without a reader")
  func outputs() async throws {
    try await Streams.test()
  }

  @Test("a signal at either end aborts the stream, and ends that process", arguments: [1, 2, 15])
  func signals(_ number: Int) async throws {
    try await Streams.test("\(number)")
  }

  @Test("a directory with access for other users, and names too long for a socket, are refused")
  func places() async throws {
    try await Streams.test()
  }

  @Test("invalid messages, an invalid ring and a silent peer are reported as errors")
  func hostile() async throws {
    try await Streams.test()
  }
}
