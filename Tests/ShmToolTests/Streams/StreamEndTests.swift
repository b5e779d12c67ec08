import ShmTestSupport
import Testing

@Suite("what is at the ends of a stream", .serialized)
struct StreamEndTests {
  @Test("an output file keeps the mode of the one it replaces, and is its symbolic link's target")
  func replaced() async throws {
    try await Streams.test()
  }

  @Test(
    "a new output file has the mode that any new file has, and nothing lies beside it meanwhile")
  func unnamed() async throws {
    try await Streams.test()
  }

  @Test("an output that cannot appear whole is refused, and stays what it is")
  func special() async throws {
    try await Streams.test()
  }

  @Test(
    "if unnamed files are unsupported, the temporary name is removed in every case",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func named() async throws {
    try await Streams.test()
  }

  @Test("a consumer that ends without having read everything has not got it, however little it is")
  func unread() async throws {
    try await Streams.test()
  }

  @Test(
    "a terminal that accepts no output does not delay signals, the peer's death and time limits")
  func terminal() async throws {
    try await Streams.test()
  }

  @Test("waits for a writer of a FIFO, and obeys signals and time limits")
  func fifo() async throws {
    try await Streams.test()
  }

  @Test("a command that lives on is ended when the other end is, also one that ignores SIGTERM")
  func stubborn() async throws {
    try await Streams.test()
  }

  @Test("a closed descriptor for the report is an error before the meeting")
  func report() async throws {
    try await Streams.test()
  }

  @Test("at the limit on open files both ends say so, and leave nothing")
  func openFiles() async throws {
    try await Streams.test()
  }

  @Test(
    "a control message that cannot be sent ends both ends",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func noBuffers() async throws {
    try await Streams.test()
  }
}
