import ShmTestSupport
import Testing

@Suite("holes stay holes", .serialized)
struct HoleTests {
  @Test("between a region and a file, new or written before, whole or in part")
  func files() async throws {
    let name = TestName()
    try await Python.test(named: name)
  }

  @Test("between regions; over data they become zeros, and reserved memory stays reserved")
  func regions() async throws {
    let name = TestName()
    try await Python.test(named: name)
  }

  @Test("terabytes of holes take no memory and no time in copy, create --from and verify --zero")
  func huge() async throws {
    let name = TestName()
    try await Python.test(named: name)
  }

  @Test("of any layout in both ends give the bytes of a model", arguments: 1...4)
  func model(_ seed: Int) async throws {
    let name = TestName()
    try await Python.test(named: name, "\(seed)")
  }
}
