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

  @Test("tell one JSON object on a descriptor, and nothing with --quiet")
  func report() async throws {
    try await Streams.test()
  }

  @Test("check how many bytes there are where that is said")
  func expected() async throws {
    try await Streams.test()
  }

  @Test("wire the ring at both ends where that is asked")
  func wired() async throws {
    try await Streams.test()
  }
}
