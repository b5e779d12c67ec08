import ShmTestSupport
import Testing

@Suite("remove")
struct RemoveTests {
  @Test("remove unlinks the name, and reports it", arguments: ["remove", "rm"])
  func remove(_ command: String) async throws {
    try await withRegion { (name) async throws in
      let result = try await Tool.run(command, name.name)
      #expect(result.code == 0)
      #expect(result.output.isEmpty)
      #expect(result.error == "removed '\(name)', 64 KiB\n")
      #expect(!name.exists)
    }
  }

  @Test("JSON reports the size of the removed region")
  func json() async throws {
    try await withRegion("12345") { (name) async throws in
      let result = try await Tool.run("remove", name.name, "--json")
      #expect(result.code == 0)
      #expect(result.error.isEmpty)
      let report = try JSON(report: result.output)
      let rows = report.regions.values
      #expect(report.action == "remove" && rows.count == 1)
      #expect(rows.first?.region == "\(name)" && rows.first?.size == 12345)
      #expect(!name.exists)
    }
  }

  @Test("remove continues after an invalid operand, and exits with the first failure's status")
  func operands() async throws {
    try await withRegion { (first) async throws in
      try await withRegion { (second) async throws in
        let missing = TestName()
        let result = try await Tool.run("remove", missing.name, first.name, second.name, "-q")
        #expect(result.code == 66)
        #expect(
          result.error == """
            shmtool: cannot open '\(missing)': no such region; run 'shmtool list'

            """)
        #expect(!first.exists)
        #expect(!second.exists)
      }
    }
  }

  @Test("a name that is given twice is not found the second time")
  func twice() async throws {
    try await withRegion { (name) async throws in
      let result = try await Tool.run("remove", name.name, name.name)
      #expect(result.code == 66)
      #expect(!name.exists)
    }
  }

  @Test("processes that map it keep the memory")
  func mapped() async throws {
    try await withRegion { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("--unused keeps a region that a process has open or mapped, and names the process")
  func inUse() async throws {
    try await withRegion { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("remove unlinks one of two hard links, and keeps the other")
  func hardLink() async throws {
    try await withRegion { (name) async throws in
      try await withName { (other) async throws in
        try await Python.test(named: name, other.name)
        try await Tool.run("remove", name.name)
        #expect(!name.exists)
        #expect(other.size == 65536)
      }
    }
  }

  @Test("a region without a name is refused")
  func nameless() async throws {
    try await Python.test()
  }

  @Test("remove without an operand is a usage error")
  func usage() async throws {
    let result = try await Tool.run("remove")
    #expect(result.code == 64)
  }
}
