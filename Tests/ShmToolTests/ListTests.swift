import Glibc
import ShmTestSupport
import Testing

@Suite("list")
struct ListTests {
  @Test(
    "list shows a region below the headings, and prints nothing on stderr",
    arguments: ["list", "ls"])
  func table(_ command: String) async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, command, alone: true)
    }
  }

  @Test("the requested columns are shown in their order")
  func columns() async throws {
    try await withRegion { (name) async throws in
      let result = try await Tool.run("list", "--output", "size,name", "--bytes", "--no-headings")
      #expect(result.code == 0)
      let rows = result.text.split(separator: "\n").map { $0.split(separator: " ") }
      #expect(rows.contains(["65536", Substring(name.name)]))
      #expect(!result.text.contains("NAME"))
    }
  }

  @Test(
    "unknown and empty columns, orders, kinds and processes are refused",
    arguments: [
      ["--output", "nonsense"], ["--output", ""], ["--output", "name,"], ["-o", "name,,size"],
      ["-o", "+"], ["-o", "name,+size"], ["-o", " "], ["--sort", "x"], ["--sort", "-"],
      ["--sort", "--size"], ["--sort", "all"], ["--sort", ""], ["--kind", "x"],
      ["--kind", "posix,"], ["--kind", ""], ["--pid", "0"], ["--pid", "1,x"], ["--pid", "1,,2"],
      ["--raw", "--json"], [""], ["bytes:%zz"],
    ])
  func unknown(_ options: [String]) async throws {
    let result = try await Tool.run(Tool.path, ["list"] + options)
    #expect(result.code == 64)
    #expect(result.output.isEmpty)
    let isJSON = options.contains("--json")
    let lines = result.error.split(separator: "\n")
    #expect(lines.count == (isJSON ? 2 : 1))
    #expect(lines.first?.hasSuffix("(see 'shmtool list --help')") == true)
  }

  @Test("--sort size shows the largest region first")
  func sort() async throws {
    try await withRegion("4K") { (small) async throws in
      try await withRegion("128K") { (large) async throws in
        let result = try await Tool.run("list", "--sort", "size", "--output", "name")
        let names = result.text.split(separator: "\n").map(String.init)
        let first = try #require(names.firstIndex(of: large.name))
        let second = try #require(names.firstIndex(of: small.name))
        #expect(first < second)
      }
    }
  }

  @Test("semaphores are distinguished from regions, and other files omitted")
  func kinds() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, alone: true)
    }
  }

  @Test("names the processes that have a region open or mapped")
  func users() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, alone: true)
    }
  }

  @Test("JSON has each value of a region, in bytes")
  func json() async throws {
    try await withRegion("12345", ["--mode", "640"]) { (name) async throws in
      let result = try await Tool.run("list", "--json")
      #expect(result.code == 0)
      #expect(result.error.isEmpty)
      let rows = try JSON(report: result.output).regions.values.filter { $0.name == "\(name)" }
      let owner = Int(try #require(name.status?.st_uid))
      try #require(rows.count == 1)
      let row = rows[0]
      #expect(row.kind == "posix" && row.region == "\(name)")
      #expect(row.size == 12345 && row.allocated == 16384)
      #expect(row.mode == "0640" && row.owner_id.integer == owner)
      let age = try #require(row.age_seconds.double)
      #expect(0 <= age && age < 600)
    }
  }

  @Test("shows empty objects, and those without read permission")
  func odd() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, alone: true)
    }
  }
}
