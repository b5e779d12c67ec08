import ShmTestSupport
import Testing

@Suite("secret memory and core dumps")
struct SecretTests {
  @Test("map --secret passes memory that neither another process nor shmtool can read")
  func secret() async throws {
    try await Python.test(alone: true)
  }

  @Test("map --secret above the memlock limit is refused before CMD runs")
  func memlock() async throws {
    try await Python.test(alone: true)
  }

  @Test("--no-core keeps shared memory out of the core dump of CMD and of its children")
  func noCore() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "options that cannot be combined are refused",
    arguments: [
      ("map --secret 4K --private -- true", "--secret cannot be used with --private or --populate"),
      (
        "map --secret 4K --populate -- true", "--secret cannot be used with --private or --populate"
      ),
      (
        "map --secret 4K --anonymous 4K -- true", "--anonymous and --secret cannot be used together"
      ),
      ("map --secret 0 -- true", "--secret must be at least 1 byte"),
      ("map x --no-core", "--no-core requires CMD"), ("wire x --no-core", "--no-core requires CMD"),
      ("create x 4K --wired --no-core", "--no-core requires CMD"),
    ])
  func usage(_ line: String, _ message: String) async throws {
    let result = try await Tool.run(Tool.path, line.split(separator: " ").map(String.init))
    #expect(result.code == 64 && result.error.contains(message), "\(result.error)")
  }
}
