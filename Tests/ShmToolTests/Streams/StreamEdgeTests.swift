import ShmTestSupport
import Testing

@Suite("streams at the edges", .serialized)
struct StreamEdgeTests {
  @Test(
    "go on after an interruption of every call",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func interrupted() async throws {
    try await Streams.test()
  }

  @Test(
    "a stream into a file is complete if epoll is interrupted or refused",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"),
    arguments: [
      "epoll_wait:error=EINTR:when=1+2", "epoll_create1:error=ENOSYS", "epoll_create1:error=EMFILE",
      "epoll_ctl:error=EPERM",
    ])
  func unpolled(_ injection: String) async throws {
    try await Streams.test(injection)
  }

  @Test(
    "a receiver whose output never blocks registers its descriptors once, and waits with one call",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"),
    arguments: ["/dev/null", "/dev/zero", ""])
  func waiting(_ sink: String) async throws {
    try await Streams.test(sink)
  }

  @Test(
    "a stream is complete if a sandbox refuses non-blocking reads and writes",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"),
    arguments: ["EPERM", "EACCES", "ENOSYS"])
  func sandboxed(_ error: String) async throws {
    try await Streams.test(error)
  }

  @Test("of one byte a read and one a write are whole, and so are those around the ring's capacity")
  func sizes() async throws {
    try await Streams.test()
  }

  @Test("take inputs that block, do not block, are no input at all, or are closed")
  func inputs() async throws {
    try await Streams.test()
  }

  @Test("wait for a peer that is stopped, and end by the time limit, never as dead")
  func stopped() async throws {
    try await Streams.test()
  }

  @Test("see the end of a peer whose command, or whose command's child, lives on")
  func orphans() async throws {
    try await Streams.test()
  }

  @Test("take the memory of the ring, whatever goes through")
  func memory() async throws {
    try await Streams.test("\(Tool.isStatic)")
  }

  @Test("leave no descriptor, no process and no name")
  func leftovers() async throws {
    try await Streams.test()
  }

  @Test("meet also if another process removes their empty directory repeatedly")
  func directory() async throws {
    try await Streams.test()
  }
}
