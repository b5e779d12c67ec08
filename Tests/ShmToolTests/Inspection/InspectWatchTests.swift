import ShmTestSupport
import Testing

@testable import shmtool

@Suite("inspect --watch, and its output on a terminal", .serialized)
struct InspectWatchTests {
  @Test(
    "--watch accepts an optional interval",
    arguments: [
      (["inspect", "--watch", "x"], ["inspect", "--watch=1s", "x"]),
      (["inspect", "--watch", "500ms", "x"], ["inspect", "--watch=500ms", "x"]),
      (["inspect", "x", "--watch"], ["inspect", "x", "--watch=1s"]),
      (["inspect", "x", "--watch", "2"], ["inspect", "x", "--watch=2"]),
      (["inspect", "--watch", "/5s"], ["inspect", "--watch=1s", "/5s"]),
      (["inspect", "--watch=2s", "x"], ["inspect", "--watch=2s", "x"]),
      (["inspect", "x"], ["inspect", "x"]), ([], []),
    ])
  func words(_ given: [String], _ completed: [String]) {
    #expect(WatchInterval.completing(given) == completed)
  }

  @Test(
    "--watch refuses an invalid interval", arguments: ["--watch=x", "--watch=0", "--watch=9ms"])
  func refused(_ word: String) async throws {
    #expect(try await Tool.run("inspect", "x", word).code == 64)
  }

  @Test("--watch repeats with rates until it is interrupted")
  func rates() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("on a terminal --watch redraws in colour, at its width; with NO_COLOR without colour")
  func terminal() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
