import ShmTestSupport
import Testing

@Suite("copies keep holes", .serialized)
struct HoleTests {
  @Test("holes are kept between a region and a new or existing file, for any range")
  func files() async throws {
    let name = TestName()
    try await Python.test(named: name)
  }

  @Test("between regions a hole replaces data by zeros, and reserved memory stays reserved")
  func regions() async throws {
    let name = TestName()
    try await Python.test(named: name)
  }

  @Test("copy, create --from and verify --zero skip terabytes of holes without allocating memory")
  func huge() async throws {
    let name = TestName()
    try await Python.test(named: name)
  }

  @Test("random layouts of holes in both ends give the bytes of a model", arguments: 1...4)
  func model(_ seed: Int) async throws {
    let name = TestName()
    try await Python.test(named: name, "\(seed)")
  }
}
