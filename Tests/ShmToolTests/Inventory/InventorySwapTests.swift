import ShmTestSupport
import Testing

@Suite(
  "list, with real swap", .serialized,
  .enabled(if: TestEnvironment.hasSwap, "needs swap: Scripts/test sets some up"))
struct InventorySwapTests {
  @Test(
    "tells what is resident from what is swapped out and what was never written, and changes neither"
  )
  func states() async throws {
    try await Python.test(alone: true)
  }
}
