import ShmTestSupport
import Testing

@testable import shmtool

@Suite("inspect --watch, and what a terminal is shown", .serialized)
struct InspectWatchTests {
  @Test(
    "takes an optional time",
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

  @Test("refuses an invalid time", arguments: ["--watch=x", "--watch=0", "--watch=9ms"])
  func refused(_ word: String) async throws {
    #expect(try await Tool.run("inspect", "x", word).code == 64)
  }

  @Test("repeats with rates, until it is interrupted")
  func rates() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("draws in place and in colours on a terminal, as wide as it is, and not with NO_COLOR")
  func terminal() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
