import Glibc
import ShmTestSupport
import Testing

@Suite(
  "inspect of swapped pages", .serialized,
  .enabled(if: TestEnvironment.hasSwap, "needs swap: Scripts/test sets some up"))
struct InspectionSwapTests {
  @Test("swapped, resident, wired and reserved pages are distinguished, and no page is swapped in")
  func mixed() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
