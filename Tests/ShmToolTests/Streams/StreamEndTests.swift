import ShmTestSupport
import Testing

@Suite("Inputs and outputs of a stream", .serialized)
struct StreamEndTests {
  @Test("an output file keeps the mode of the file it replaces, also through a symbolic link")
  func replaced() async throws {
    try await Streams.test()
  }

  @Test(
    "a new output file has the usual mode, and no temporary file is visible")
  func unnamed() async throws {
    try await Streams.test()
  }

  @Test("a FIFO, device or directory is refused as --output, and not changed")
  func special() async throws {
    try await Streams.test()
  }

  @Test(
    "without O_TMPFILE the temporary file is removed in every case",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func named() async throws {
    try await Streams.test()
  }

  @Test("a consumer that ends with unread data is an error, also for a few bytes")
  func unread() async throws {
    try await Streams.test()
  }

  @Test(
    "a terminal that accepts no output does not delay signals, the peer's death and time limits")
  func terminal() async throws {
    try await Streams.test()
  }

  @Test("send waits for a writer of a FIFO, and obeys signals and time limits")
  func fifo() async throws {
    try await Streams.test()
  }

  @Test("CMD is ended when the other end ends, also if it ignores SIGTERM")
  func stubborn() async throws {
    try await Streams.test()
  }

  @Test("a closed descriptor for the report is an error before the meeting")
  func report() async throws {
    try await Streams.test()
  }

  @Test("both ends report the limit on open files, and leave nothing")
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
