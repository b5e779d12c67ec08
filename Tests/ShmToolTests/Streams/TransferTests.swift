import ShmTestSupport
import Testing

@Suite("send and recv", .serialized)
struct TransferTests {
  @Test(
    "every byte is transferred through files and pipes, whichever end starts first",
    arguments: ["sender first", "receiver first"])
  func whole(_ order: String) async throws {
    try await Streams.test(order)
  }

  @Test("every receiver gets every byte")
  func fanOut() async throws {
    try await Streams.test()
  }

  @Test("recv --output leaves a complete file or no file")
  func output() async throws {
    try await Streams.test()
  }

  @Test("the status of CMD is returned, and a failed producer never completes the stream")
  func commands() async throws {
    try await Streams.test()
  }

  @Test("the report is one JSON object on a descriptor, and --quiet prints nothing")
  func report() async throws {
    try await Streams.test()
  }

  @Test("--length checks the number of bytes")
  func expected() async throws {
    try await Streams.test()
  }

  @Test("--wired wires the ring at both ends")
  func wired() async throws {
    try await Streams.test()
  }
}
