import ShmCore
import ShmInspection
import ShmTestSupport
import SystemPackage
import Testing

@testable import shmtool

@Suite("JSON output")
struct JSONOutputTests {
  @Test("-J is the same as --json, for every command with --json")
  func short() async throws {
    let help = try await Tool.run("--help").text
    let names = JSONSchema.names.filter { $0 != "error" }
    for name in names {
      #expect(help.contains("\n  \(name) ") || help.contains("\n  \(name), "), "\(name)")
      #expect(try await Tool.run(name, "--help").text.contains("-J, --json"), "\(name)")
    }
    #expect(names.count == 20)
  }

  @Test(
    "no JSON number exceeds 2^53 - 1, with any sizes, limits and addresses",
    arguments: ["sizes", "limits", "addresses"])
  func extremes(_ kind: String) async throws {
    let name = TestName()
    try await Python.test(named: name, kind)
  }

  @Test("--watch prints one object with the time on each line, without delay")
  func watch() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("references of all reports open the region, with any name")
  func references() async throws {
    let name = TestName()
    try await Python.test(named: name)
  }

  @Test(
    "every key of every schema is printed by some command",
    .enabled(
      if: TestEnvironment.maySeeFrames && TestEnvironment.mayMount
        && TestEnvironment.has("unshare"),
      "needs root, the right to mount, /proc/kpagecgroup and unshare"))
  func everyKey() async throws {
    let name = TestName()
    let text = try await Python.output(named: name, alone: true)
    var seen: [String: Set<String>] = [:]
    for line in text.split(separator: "\n") + [try Self.staleReport()[...]] {
      let (schema, properties) = try JSON(line.utf8).checkReport()
      seen[schema, default: []].formUnion(properties)
    }
    // Definitions are the same in all files.
    let shared = seen.values.reduce(into: Set<String>()) { shared, properties in
      shared.formUnion(properties.filter { $0.hasPrefix("#/$defs/") })
    }
    for name in JSONSchema.names {
      let missing = try JSONSchema(named: name).properties
        .subtracting(seen[name] ?? []).subtracting(shared)
      #expect(missing.isEmpty, "\(name): \(missing.sorted())")
    }
  }

  /// A report with what only killed processes leave.
  private static func staleReport() throws -> String {
    var report = StaleReport(
      dryRun: true, semaphores: [RawText("sem.a")], segments: [7],
      unreadable: [RegionInventory.UnreadableSource(place: "/x", reason: "denied")],
      olderThanSeconds: 1)
    report.restored = [.init(region: RawText("a"), name: RawText("b"))]
    report.streamsOfOthers = [.init(region: RawText("stream:a"), owner: RawText("nobody"))]
    report.directories = [.init(path: RawText("/x"), kind: .streams, removed: false)]
    report.regions = [
      .init(
        region: RawText("a"), kind: "posix", size: Unknowable(1), allocated: 4096, ageSeconds: 2,
        proved: Unknowable(nil), identity: nil, links: 1)
    ]
    return try Output.text(report, json: true, style: TextStyle())
  }
}
