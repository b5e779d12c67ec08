import Glibc
import ShmTestSupport
import Testing

@Suite("inspect")
struct InspectTests {
  @Test("shows sizes, owner, pages and users", arguments: ["inspect", "info"])
  func text(_ command: String) async throws {
    try await withRegion("10000") { (name) async throws in
      let result = try await Tool.run(command, name.name)
      #expect(result.code == 0)
      #expect(result.error.isEmpty)
      let rows = result.text.split(separator: "\n").map {
        $0.split(separator: " ").joined(separator: " ")
      }
      #expect(rows.first == "region \(name)")
      for row in [
        "size 9.8 KiB", "links 1", "page size 4 KiB", "seals -", "allocated 12 KiB (3 pages)",
        "resident 0 B (0 pages)", "reserved 12 KiB (3 pages)", "hole 0 B (0 pages)",
        "users none seen",
      ] {
        #expect(rows.contains(row))
      }
    }
  }

  @Test("--bytes shows sizes in bytes")
  func bytes() async throws {
    try await withRegion("10000") { (name) async throws in
      let result = try await Tool.run("inspect", name.name, "--bytes")
      let rows = result.text.split(separator: "\n").map { $0.split(separator: " ") }
      #expect(rows.contains(["size", "10000"]))
      #expect(rows.contains(["allocated", "12288"]))
    }
  }

  @Test(
    "inspect counts pages by state, also for data next to a page boundary",
    arguments: [(1, 4096), (4095, 4096), (4096, 4096), (4097, 8192)])
  func pages(_ size: Int, _ whole: Int) async throws {
    try await withRegion("\(size)") { (name) async throws in
      func counts() async throws -> [Int?] {
        let result = try await Tool.run("inspect", name.name, "--json")
        #expect(result.code == 0)
        let pages = try JSON(report: result.output).regions[0].pages
        return [pages.allocated, pages.resident, pages.reserved, pages.hole].map(\.integer)
      }
      #expect(try await counts() == [whole, 0, whole, 0])
      try await Tool.run("fill", name.name, "--byte", "1", "--length", "1", "-q")
      #expect(try await counts() == [whole, 4096, whole - 4096, 0])
    }
  }

  @Test("inspect makes no page resident: a sparse region stays sparse")
  func changesNothing() async throws {
    try await withRegion("8M", ["--sparse"]) { (name) async throws in
      let before = name.status
      let result = try await Tool.run("inspect", name.name, "--json")
      let pages = try JSON(report: result.output).regions[0].pages
      #expect(pages.hole == 8_388_608 && pages.resident == 0)
      #expect(name.allocated == 0)
      #expect(name.status?.st_mtim.tv_nsec == before?.st_mtim.tv_nsec)
    }
  }

  @Test("inspect continues after an invalid operand, and exits with the first failure's status")
  func operands() async throws {
    try await withRegion { (name) async throws in
      let missing = TestName()
      let result = try await Tool.run("inspect", missing.name, name.name, "/dev/null", "--json")
      #expect(result.code == 66)
      let lines = result.error.split(separator: "\n")
      try #require(lines.count == 3)
      #expect(try JSON(report: lines[2].utf8).error.region == "\(missing)")
      #expect(lines[0].hasPrefix("shmtool: cannot open '\(missing)': no such region; "))
      #expect(lines[1] == "shmtool: cannot open '/dev/null': it is a device, not a region")
      let regions = try JSON(report: result.output).regions.values
      #expect(regions.map(\.region) == ["\(name)"])
    }
  }

  @Test("prints valid JSON, and no text, if every operand is invalid")
  func nothing() async throws {
    let missing = TestName()
    let json = try await Tool.run("inspect", missing.name, "--json")
    #expect(json.code == 66)
    #expect(try JSON(report: json.output).regions == [])
    let text = try await Tool.run("inspect", missing.name)
    #expect(text.code == 66)
    #expect(text.output.isEmpty)
  }

  @Test(
    "inspect without an operand and wrong options are usage errors",
    arguments: [[], ["x", "--nonsense"]])
  func usage(_ words: [String]) async throws {
    let result = try await Tool.run(Tool.path, ["inspect"] + words)
    #expect(result.code == 64)
    #expect(result.output.isEmpty)
  }

  @Test("shows the mappings of each process, with addresses and protection")
  func users() async throws {
    try await withRegion { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("inspect opens a memfd through its process, and names its seals")
  func memoryFile() async throws {
    try await Python.test()
  }

  @Test("prints null for the seals of a region that cannot have seals")
  func noSeals() async throws {
    try await withRegion { (name) async throws in
      let result = try await Tool.run("inspect", name.name, "--json")
      let region = try JSON(report: result.output).regions[0]
      #expect(region.has("seals") && region.seals == .null)
    }
  }

  @Test(
    "a missing process or descriptor is reported",
    arguments: [
      ("pid:999999999:3", 66, "process 999999999 does not exist"),
      ("pid:SELF:99999999", 66, "has no descriptor 99999999"),
      ("pid:x:3", 64, "the format of a descriptor is pid:PID:FD"),
      ("pid:1", 64, "the format of a descriptor is pid:PID:FD"),
      ("pid:0:1", 64, "the format of a descriptor is pid:PID:FD"),
      ("pid:1:-1", 64, "the format of a descriptor is pid:PID:FD"),
      ("pid:1:99999999999999999999", 64, "the format of a descriptor is pid:PID:FD"),
    ])
  func process(_ reference: String, _ code: Int32, _ words: String) async throws {
    let parts = reference.split(separator: "SELF")
    let result = try await Tool.run("inspect", parts.joined(separator: "\(getpid())"))
    #expect(result.code == code)
    #expect(result.error.contains(words))
  }

  @Test("inspect accepts objects of 0 bytes and of 1 byte", arguments: [0, 1])
  func small(_ size: Int) async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, "\(size)")
    }
  }
}
