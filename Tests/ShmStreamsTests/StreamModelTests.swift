import ShmStreams
import Testing

@Suite("A stream and a model of it")
struct StreamModelTests {
  @Test(
    "random calls of both ends do what a simple model of the stream does",
    arguments: StreamWaiting.allCases, [false, true])
  func random(_ waiting: StreamWaiting, _ hasChecksum: Bool) throws {
    var model = try StreamModel(seed: 0x51 + (hasChecksum ? 1 : 0)) {
      $0.waiting = waiting
      $0.hasChecksum = hasChecksum
    }
    for step in 0..<400 {
      do {
        try model.step()
      } catch {
        Issue.record("step \(step): \(error)")
        return
      }
    }
    try model.finish()
  }
}
