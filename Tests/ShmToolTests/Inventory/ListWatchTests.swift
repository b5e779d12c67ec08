import ShmCore
import ShmTestSupport
import Testing

@testable import shmtool

@Suite("list --watch")
struct ListWatchTests {
  private struct Row: FollowedRow {
    let identity: RegionIdentity
    let amount: Int?

    init(_ inode: UInt64, _ amount: Int?) {
      identity = RegionIdentity(device: 1, inode: inode)
      self.amount = amount
    }
  }

  @Test("grown, new and removed regions are recognized by identity")
  func history() {
    var history = ListHistory<Row>()
    func look(_ rows: Row...) -> [UInt64: [String]] {
      history.add(rows).reduce(into: [:]) { found, entry in
        found[entry.row.identity.inode] = [
          entry.mark, entry.change.map { "\($0)" } ?? "?", entry.growth.map { "\($0)" } ?? "?",
        ]
      }
    }
    #expect(look(Row(1, 10), Row(2, nil)) == [1: ["", "0", "0"], 2: ["", "?", "?"]])
    // A second name of a region is the same region.
    #expect(
      look(Row(1, 15), Row(1, 15), Row(2, 5), Row(3, 7))
        == [1: ["", "5", "5"], 2: ["", "?", "?"], 3: ["new", "0", "0"]])
    #expect(
      look(Row(1, 12), Row(3, 8)) == [
        1: ["", "-3", "2"], 2: ["gone", "0", "?"], 3: ["new", "1", "1"],
      ])
    #expect(look(Row(3, 8))[1] == ["gone", "0", "2"])
    #expect(look(Row(3, 8))[3] == ["", "0", "1"])
    _ = look(Row(3, 8))
    #expect(look(Row(3, 8)) == [3: ["", "0", "1"]])
    // What was forgotten is new when it comes again.
    #expect(look(Row(1, 3), Row(3, 8))[1] == ["new", "0", "0"])
  }

  @Test("--watch shows growth, new and removed regions, and one line of JSON for each interval")
  func looks() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("on a terminal --watch fits the window, and q ends it")
  func screen() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "options that exclude --watch are refused",
    arguments: [
      ("list --watch --raw", 64), ("list --watch --metrics", 64), ("list --watch=1ms", 64),
      ("list --watch no-such-region-of-a-test", 66),
    ])
  func refused(_ line: String, _ code: Int32) async throws {
    let result = try await Tool.run(Tool.path, line.split(separator: " ").map(String.init))
    #expect(result.code == code && result.output.isEmpty, "\(result.error)")
  }
}
