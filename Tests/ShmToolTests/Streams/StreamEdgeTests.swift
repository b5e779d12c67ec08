import ShmTestSupport
import Testing

@Suite("streams at the edges", .serialized)
struct StreamEdgeTests {
  @Test(
    "streams continue after an interruption of every system call",
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

  @Test("streams of single bytes, and of sizes near the ring's capacity, are complete")
  func sizes() async throws {
    try await Streams.test()
  }

  @Test("blocking and non-blocking inputs are read, and closed or missing inputs are errors")
  func inputs() async throws {
    try await Streams.test()
  }

  @Test("a stopped peer is waited for until the time limit, and never reported as dead")
  func stopped() async throws {
    try await Streams.test()
  }

  @Test("the end of a peer is detected if its command, or a child of it, still runs")
  func orphans() async throws {
    try await Streams.test()
  }

  @Test("a stream needs the memory of its ring, for any amount of data")
  func memory() async throws {
    try await Streams.test("\(Tool.isStatic)")
  }

  @Test("streams leave no descriptor, no process and no name")
  func leftovers() async throws {
    try await Streams.test()
  }

  @Test("both ends meet also if another process repeatedly removes their empty directory")
  func directory() async throws {
    try await Streams.test()
  }
}
