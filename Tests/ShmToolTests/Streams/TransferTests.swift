import ShmTestSupport
import Testing

@Suite("send and recv", .serialized)
struct TransferTests {
  @Test(
    "move every byte, in either order of starting, through files and through pipes",
    arguments: ["sender first", "receiver first"])
  func whole(_ order: String) async throws {
    try await Streams.test(order)
  }

  @Test("give every receiver every byte")
  func fanOut() async throws {
    try await Streams.test()
  }

  @Test("write a file that is there whole or not at all")
  func output() async throws {
    try await Streams.test()
  }

  @Test("with commands end as these do, and a failed producer is never a whole")
  func commands() async throws {
    try await Streams.test()
  }

  @Test("write one JSON object to a descriptor, and nothing with --quiet")
  func report() async throws {
    try await Streams.test()
  }

  @Test("check the number of bytes if it was given")
  func expected() async throws {
    try await Streams.test()
  }

  @Test("wire the ring at both ends on request")
  func wired() async throws {
    try await Streams.test()
  }
}
