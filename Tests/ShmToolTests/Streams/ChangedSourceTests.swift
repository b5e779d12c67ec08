import ShmTestSupport
import Testing

@Suite("files that change while they are read", .serialized)
struct ChangedSourceTests {
  @Test(
    "a regular file that becomes shorter, longer or other while it is sent aborts the stream",
    arguments: ["shorter", "longer", "other", "other with its time set back"])
  func sent(_ how: String) async throws {
    try await Streams.test(how)
  }

  @Test("a file that is removed, linked, or only given another mode while it is sent is whole")
  func untouched() async throws {
    try await Streams.test()
  }

  @Test(
    "a file that is changed while it is read is an error of every command that reads it to its end",
    arguments: ["written", "longer", "shorter"])
  func others(_ how: String) async throws {
    try await Streams.test(how)
  }

  @Test("files of /proc and /sys are read to their end by every command")
  func unsized() async throws {
    try await Streams.test()
  }

  @Test("progress shows a percentage at both ends if the number of bytes is known")
  func progress() async throws {
    try await Streams.test()
  }
}
