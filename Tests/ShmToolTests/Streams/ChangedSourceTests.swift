import ShmTestSupport
import Testing

@Suite("files that change while they are read", .serialized)
struct ChangedSourceTests {
  @Test(
    "a file that is truncated, extended or modified while it is sent aborts the stream",
    arguments: ["shorter", "longer", "other", "other with its time set back"])
  func sent(_ how: String) async throws {
    try await Streams.test(how)
  }

  @Test("a file that is removed, linked or gets another mode while it is sent is complete")
  func untouched() async throws {
    try await Streams.test()
  }

  @Test(
    "for every command a change of its input file while it reads is an error",
    arguments: ["written", "longer", "shorter"])
  func others(_ how: String) async throws {
    try await Streams.test(how)
  }

  @Test("every command reads files of /proc and /sys to their end")
  func unsized() async throws {
    try await Streams.test()
  }

  @Test("progress shows a percentage at both ends if the number of bytes is known")
  func progress() async throws {
    try await Streams.test()
  }
}
