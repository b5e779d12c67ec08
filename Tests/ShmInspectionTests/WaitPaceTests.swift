import Testing

@testable import ShmInspection

@Suite("The pauses of a wait")
struct WaitPaceTests {
  private let millisecond = 1_000_000

  @Test(
    "pauses are 1 % of the time waited, from 10 to 100 ms",
    arguments: [(0, 10), (999, 10), (2000, 20), (9000, 90), (10_000, 100), (86_400_000, 100)])
  func waited(_ waited: Int, _ pause: Int) {
    let pace = WaitPace(waited: waited * millisecond, look: 1000)
    #expect(pace.interval == pause * millisecond)
    #expect(pace.whenTold == 1000 * millisecond && pace.shortest == millisecond)
  }

  @Test(
    "pauses are at least 50 times as long as a look, and at most a minute",
    arguments: [(1, 50, 10), (20, 1000, 200), (100, 5000, 1000), (2000, 60_000, 12_000)])
  func look(_ look: Int, _ pause: Int, _ shortest: Int) {
    let pace = WaitPace(waited: 0, look: look * millisecond)
    #expect(pace.interval == pause * millisecond)
    #expect(pace.whenTold == max(pause, 1000) * millisecond)
    #expect(pace.shortest == shortest * millisecond)
  }

  @Test("pauses do not overflow")
  func extremes() {
    #expect(WaitPace(waited: .max, look: .max).interval == WaitPace.longest)
    #expect(WaitPace(waited: .min, look: 0).interval == 10 * millisecond)
  }
}
