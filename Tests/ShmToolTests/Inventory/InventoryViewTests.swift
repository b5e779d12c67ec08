import ShmTestSupport
import Testing

@Suite("list: processes and names of other users")
struct InventoryViewTests {
  @Test("processes that end and maps that change while list reads them cause no error")
  func churn() async throws {
    try await withName { name in
      try await Python.test(named: name, alone: true)
    }
  }

  @Test(
    "names with escape sequences, newlines and bytes that are not UTF-8 are escaped")
  func foreignNames() async throws {
    try await withName { name in
      try await Python.test(named: name, alone: true)
    }
  }

  @Test("filters by kind, process and owner work, and a missing process or owner is reported")
  func filters() async throws {
    try await withName { name in
      try await Python.test(named: name, alone: true)
    }
  }

  @Test(
    "an owner from a directory service has the name that getent reports",
    .enabled(if: TestEnvironment.mayMount, "needs root with CAP_SYS_ADMIN to mount"))
  func directoryService() async throws {
    try await withName { name in
      try await Python.test(named: name, alone: true)
    }
  }

  @Test("every column of the help can be shown and used as the order")
  func columns() async throws {
    try await Python.test(alone: true)
  }

  @Test(
    "to an ordinary user processes of others are unknown, and the last line counts them",
    .enabled("needs root, who can become nobody") { try await Nobody.isUsable() })
  func ordinaryUser() async throws {
    try await withRegion("64K", ["--mode", "600"]) { name in
      let listed = try await Nobody.run("list", "--json")
      #expect(listed.code == 0, "\(listed.error)")
      let report = try JSON(report: listed.output)
      #expect((report.hidden_processes.integer ?? 0) > 0)
      let rows = report.regions.values.filter { $0.name == "\(name)" }
      try #require(rows.count == 1)
      #expect(rows[0].size == 65536 && rows[0].users_complete == false)
      for key in ["resident", "wired", "used"] {
        #expect(rows[0].has(key) && rows[0][key] == .null, "\(key)")
      }
      #expect(rows[0].has("swapped") && (rows[0].swapped == .null || rows[0].swapped == 0))
      let text = try await Nobody.run("list")
      let last = text.text.split(separator: "\n").last ?? ""
      #expect(
        last.hasPrefix("Shmem: ") && last.contains(" could not be inspected (permission denied)"),
        "\(last)")
    }
  }

  @Test(
    "hidden processes, by hidepid or a namespace, are no proof that a region is unused",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"),
    arguments: [
      "mount -t proc -o hidepid=2 proc /proc && exec \"$@\"",
      "exec unshare -p --fork --mount-proc -- \"$@\"",
      "exec unshare -U -- \"$@\"",
    ])
  func hidden(_ hiding: String) async throws {
    try await withName { name in
      try await Python.test(named: name, hiding, alone: true)
    }
  }
}
