import ShmTestSupport
import Testing

@Suite("commands at the ends of streams that fail", .serialized)
struct StreamCommandTests {
  @Test(
    "no process of CMD reads the end of its input if the sender dies or aborts",
    arguments: [
      "cat | STAGE0 | STAGE1 | STAGE2 > /dev/null",
      "cat | STAGE0 slow | STAGE1 slow | STAGE2; true", "(STAGE0 | STAGE1 | STAGE2); true",
    ])
  func stages(_ command: String) async throws {
    try await checkStages(command)
  }

  @Test(
    "all processes of CMD are ended also if the kernel does not list children",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func withoutLists() async throws {
    try await checkStages("cat | STAGE0 | STAGE1 slow | STAGE2; true", hasLists: false)
  }

  private func checkStages(_ command: String, hasLists: Bool = true) async throws {
    try await Streams.test(command, hasLists ? "true" : "false")
  }

  @Test("daemons started by CMD, and children that shmtool inherited, are not ended")
  func others() async throws {
    try await Streams.test()
  }

  @Test("a command that a signal killed is reported with the signal, at both ends")
  func killed() async throws {
    try await Streams.test()
  }

  @Test("CMD uses the terminal, and Ctrl-C reaches both")
  func terminal() async throws {
    try await Streams.test()
  }

  @Test("Ctrl-Z stops shmtool and all processes of CMD, and fg continues the stream")
  func stopped() async throws {
    try await Streams.test()
  }

  @Test("a command that reads exactly the bytes of the stream succeeds; a missing byte is reported")
  func exactReader() async throws {
    try await Streams.test()
  }
}
