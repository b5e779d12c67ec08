import Glibc
import ShmTestSupport
import Testing

@Suite(
  "inspect, of what is in swap", .serialized,
  .enabled(if: TestEnvironment.hasSwap, "needs swap: Scripts/test sets some up"))
struct InspectionSwapTests {
  @Test("distinguishes swapped, resident, wired and reserved pages and holes, and swaps no page in")
  func mixed() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
