import ShmTestSupport
import Testing

@Suite("remove")
struct RemoveTests {
  @Test("takes the name away and says so", arguments: ["remove", "rm"])
  func remove(_ command: String) async throws {
    try await withRegion { (name) async throws in
      let result = try await Tool.run(command, name.name)
      #expect(result.code == 0)
      #expect(result.output.isEmpty)
      #expect(result.error == "removed '\(name)', 64 KiB\n")
      #expect(!name.exists)
    }
  }

  @Test("says in JSON how much it was")
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

  @Test("continues after an invalid operand, and ends with the first failure's code")
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

  @Test("says that a name given twice is gone the second time")
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

  @Test("leaves with --unused what a process has open or mapped, and names the process")
  func inUse() async throws {
    try await withRegion { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("takes one of two hard links away and leaves the other")
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

  @Test("refuses what has no name to take away")
  func nameless() async throws {
    try await Python.test()
  }

  @Test("needs an operand")
  func usage() async throws {
    let result = try await Tool.run("remove")
    #expect(result.code == 64)
  }
}
