import Glibc
import ShmTestSupport
import Testing

@Suite("control groups that are charged for pages", .serialized)
struct ChargeTests {
  @Test(
    "charged groups are listed by path, with bytes, whichever process uses the pages now",
    .enabled(
      if: TestEnvironment.mayMakeMemoryGroups && TestEnvironment.maySeeFrames,
      "needs root, a memory cgroup and /proc/kpagecgroup"))
  func groups() async throws {
    try await withRegion("8M", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "reserved and swapped pages have an unknown group, and are not changed",
    .enabled(if: TestEnvironment.maySeeFrames, "needs root and /proc/kpagecgroup"))
  func reserved() async throws {
    try await withRegion("4M") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("without privilege the charged groups are unknown, in JSON null")
  func unprivileged() async throws {
    try await withRegion("64K", ["--mode", "644"]) { (name) async throws in
      for words in [["inspect", name.name], ["list", "--output", "name,charged"]] {
        let text: Tool.Result
        let json: Tool.Result
        if TestEnvironment.isRoot {
          guard try await Nobody.isUsable() else { return }
          text = try await Nobody.shell("\"$NOBODY\" \"$@\"", words)
          json = try await Nobody.shell("\"$NOBODY\" \"$@\" --json", words)
        } else {
          text = try await Tool.run(Tool.path, words)
          json = try await Tool.run(Tool.path, words + ["--json"])
        }
        #expect(text.code == 0 && json.code == 0, "\(text.error)\(json.error)")
        let rows = text.text.split(separator: "\n")
        if words[0] == "inspect" {
          #expect(
            rows.contains { $0.hasPrefix("charged to") && $0.hasSuffix(" unknown (requires root)") }
          )
        } else {
          let row = try #require(rows.first { $0.hasPrefix(name.name) })
          #expect(row.hasSuffix("unknown"), "\(row)")
        }
        let charged = try JSON(report: json.output).regions.values.filter {
          "\($0)".contains(name.name)
        }
        #expect(charged.count == 1 && charged[0].has("charged") && charged[0].charged == .null)
      }
    }
  }
}
