import ShmTestSupport
import Testing

@Suite("advise")
struct AdviseTests {
  @Test(
    "without swap every page stays resident, holes stay holes, and the contents are unchanged",
    .enabled(if: !TestEnvironment.hasSwap, "needs a machine without swap"))
  func withoutSwap() async throws {
    try await withRegion("1M") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "unknown advice, files on disks and ranges past the end are refused",
    arguments: [
      ("NAME hot", 64, "invalid ADVICE 'hot': expected cold, pageout or willneed"),
      ("NAME", 64, "ADVICE is required"), ("NAME cold --length 0", 64, "--length must be"),
      ("NAME cold --offset 64K", 65, "is beyond the end"),
      ("/etc/passwd cold", 65, "not in shared memory"),
      ("NAME-absent cold", 66, "no such region"),
    ])
  func refusals(_ line: String, _ code: Int32, _ message: String) async throws {
    try await withRegion("64K") { (name) async throws in
      let words = line.replacing("NAME", with: name.name).split(separator: " ").map(String.init)
      let result = try await Tool.run(Tool.path, ["advise"] + words)
      #expect(result.code == code && result.error.contains(message), "\(result.error)")
    }
  }
}

@Suite(
  "advise, with swap", .serialized,
  .enabled(if: TestEnvironment.hasSwap, "needs swap: Scripts/test sets some up"))
struct AdviseSwapTests {
  @Test("a range is paged out and in again, and the report has the states of its pages")
  func pages() async throws {
    try await withRegion("16M") { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
