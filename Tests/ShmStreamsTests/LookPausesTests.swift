import Testing

@testable import ShmStreams

@Suite("The pauses of a receiver")
struct LookPausesTests {
  /// Counts `looks` loads. Each takes the time of a load, and of a pause if there is one; `found` returns the bytes
  /// that a load finds after that time in nanoseconds.
  ///
  /// - Returns: how many of the loads had a pause before them.
  private func pauses(
    _ looks: Int, pause: Int = 2000, found: (_ time: Int, _ isPaused: Bool) -> Int
  )
    -> Int
  {
    var pauses = LookPauses(0, at: 0)
    var position: UInt64 = 0
    var time = 0
    var paused = 0
    for _ in 0..<looks {
      let taken = pauses.isPausing ? pause : 100
      if pauses.isPausing { paused += 1 }
      time += taken
      position &+= UInt64(found(taken, pauses.isPausing))
      pauses.count(position, at: time)
    }
    return paused
  }

  @Test(
    "a sender that waits for an answer gets two pauses in each trial", arguments: [16, 72, 4096])
  func answers(_ bytes: Int) {
    #expect(pauses(80_000) { _, _ in bytes } == 2 * 10)
  }

  @Test("a sender with a rate of its own gets pauses in trials only", arguments: [1, 8, 300])
  func paced(_ bytesPerNanosecond: Int) {
    #expect(pauses(80_000) { time, _ in time * bytesPerNanosecond } <= 32 * 10)
  }

  @Test("a sender that is faster during pauses gets them", arguments: [2, 3, 10])
  func disturbed(_ factor: Int) {
    let looks = 80_000
    let paused = pauses(looks) { time, isPaused in isPaused ? time * factor : time }
    #expect(paused > looks * 9 / 10)
  }

  @Test("pauses end when the sender is no longer faster with them")
  func changes() {
    var loads = 0
    let paused = pauses(40 * 8500) { time, isPaused in
      loads += 1
      return isPaused && loads < 8500 ? time * 4 : time
    }
    #expect(paused > 5000 && paused < 3 * 8500)
  }

  /// The pauses of a receiver whose sender was faster during pauses for a long time.
  private func pausing() -> (pauses: LookPauses, position: UInt64, time: Int) {
    var pauses = LookPauses(0, at: 0)
    var (position, time): (UInt64, Int) = (0, 0)
    for _ in 0..<2000 {
      let isPaused = pauses.isPausing
      if isPaused { pauses.pause() }
      time += isPaused ? 2000 : 100
      position += isPaused ? 8000 : 100
      pauses.count(position, at: time)
    }
    return (pauses, position, time)
  }

  @Test("there is one pause until a load finds bytes")
  func idle() {
    var (pauses, position, time) = pausing()
    #expect(pauses.isPausing)
    pauses.pause()
    #expect(!pauses.isPausing)
    pauses.count(position + 8000, at: time + 2000)
    #expect(pauses.isPausing)
  }

  @Test("pauses end soon after the sender begins to wait for answers", arguments: [16, 72])
  func answersLater(_ bytes: UInt64) {
    var (pauses, position, time) = pausing()
    var paused = 0
    for _ in 0..<8000 {
      if pauses.isPausing { paused += 1 }
      time += pauses.isPausing ? 2000 : 100
      position += bytes
      pauses.count(position, at: time)
    }
    #expect(paused < 600)
  }
}
