import ShmTestSupport
import Testing

@Suite("Streams and the behaviour of other programs", .serialized)
struct StreamHabitTests {
  @Test("inputs with message boundaries are read completely, or are an error")
  func messages() async throws {
    try await Streams.test()
  }

  @Test("two senders can read one pipe, and do not block each other")
  func sharedInput() async throws {
    try await Streams.test()
  }

  @Test(
    "a terminal's master, and a terminal that cannot be reopened, are valid outputs")
  func terminals() async throws {
    try await Streams.test()
  }

  @Test("CMD reads the end of its input only if the data is complete")
  func provedFirst() async throws {
    try await Streams.test()
  }

  @Test(
    "only a time without transferred bytes counts as a stall")
  func stalls() async throws {
    try await Streams.test()
  }

  @Test("a full stderr does not delay a stream")
  func talk() async throws {
    try await Streams.test()
  }

  @Test("a locked stream directory is waited for until the time limit or a signal")
  func locked() async throws {
    try await Streams.test()
  }

  @Test(
    "streams work under ignored SIGCHLD and any umask")
  func inherited() async throws {
    try await Streams.test()
  }

  @Test("connected receivers are notified if the sender aborts before all have connected")
  func givenUp() async throws {
    try await Streams.test()
  }

  @Test(
    "outputs with long names, trailing slashes, mount points, sticky directories and groups")
  func outputs() async throws {
    try await Streams.test()
  }
}
