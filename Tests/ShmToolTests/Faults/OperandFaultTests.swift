import ShmTestSupport
import Testing

@Suite("faulty operands")
struct OperandFaultTests {
  @Test("an operand that cannot name a region exits with 64 in every command")
  func malformed() async throws {
    let name = TestName()
    try await Python.test(named: name)
  }

  @Test("a command that takes no segment or no descriptor exits with 64, whether or not it exists")
  func unsuitable() async throws {
    let name = TestName()
    try await Python.test(named: name)
  }

  @Test("a region that does not exist exits with 66 in every command")
  func missing() async throws {
    let name = TestName()
    try await Python.test(named: name)
  }

  @Test("a directory exits with 65, a missing file with 66, and a path that is too long with 64")
  func files() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("a missing operand and an extra operand exit with 64 in every command")
  func count() async throws {
    let name = TestName()
    try await Python.test(named: name)
  }
}
