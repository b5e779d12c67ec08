import Glibc
import ShmTestSupport
import Testing

@Suite(
  "inspect, of what is in swap", .serialized,
  .enabled(if: TestEnvironment.hasSwap, "needs swap: Scripts/test sets some up"))
struct InspectionSwapTests {
  @Test("tells swapped pages from resident, wired, reserved ones and holes, and brings none in")
  func mixed() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
