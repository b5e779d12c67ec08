import ShmTestSupport
import Testing

@Suite(
  "list, with real swap", .serialized,
  .enabled(if: TestEnvironment.hasSwap, "needs swap: Scripts/test sets some up"))
struct InventorySwapTests {
  @Test(
    "list distinguishes resident, swapped and unwritten pages, and changes no page"
  )
  func states() async throws {
    try await Python.test(alone: true)
  }
}
