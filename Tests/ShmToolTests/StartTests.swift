import ShmTestSupport
import Testing

@Suite("The program itself")
struct StartTests {
  @Test("says its version on stdout and nothing else")
  func version() async throws {
    let result = try await Tool.run("--version")
    #expect(result.code == 0)
    #expect(result.text == "shmtool 0.1.0\n")
    #expect(result.error.isEmpty)
  }

  @Test("creates, lists and removes a region")
  func lifeOfARegion() async throws {
    let name = TestName()
    #expect(try await Tool.run("create", "\(name)", "1M").code == 0)
    #expect(name.exists)
    #expect(try await Tool.run("list").text.contains("\(name)"))
    #expect(try await Tool.run("remove", "\(name)").code == 0)
    #expect(!name.exists)
  }
}
