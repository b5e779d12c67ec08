import ShmTestSupport
import Testing

@Suite("commands at the ends of streams that fail", .serialized)
struct StreamCommandTests {
  @Test(
    "no stage of CMD sees the ordinary end of its input if the sender dies or gives up",
    arguments: [
      "cat | STAGE0 | STAGE1 | STAGE2 > /dev/null",
      "cat | STAGE0 slow | STAGE1 slow | STAGE2; true", "(STAGE0 | STAGE1 | STAGE2); true",
    ])
  func stages(_ command: String) async throws {
    try await checkStages(command)
  }

  @Test(
    "the same holds if the kernel does not list the children of a process",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func withoutLists() async throws {
    try await checkStages("cat | STAGE0 | STAGE1 slow | STAGE2; true", hasLists: false)
  }

  private func checkStages(_ command: String, hasLists: Bool = true) async throws {
    try await Streams.test(command, hasLists ? "true" : "false")
  }

  @Test("daemons that CMD has started, and children that shmtool was started with, live on")
  func others() async throws {
    try await Streams.test()
  }

  @Test("CMD uses the terminal, and Ctrl-C reaches both")
  func terminal() async throws {
    try await Streams.test()
  }

  @Test("Ctrl-Z stops shmtool and all stages of CMD, and fg continues the stream")
  func stopped() async throws {
    try await Streams.test()
  }
}
