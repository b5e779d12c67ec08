import Glibc
import ShmTestSupport
import Testing

@Suite("map")
struct MapTests {
  @Test("maps at the given address with the given protection, until a signal ends it")
  func held() async throws {
    try await withRegion { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("stores to a private mapping do not change the region")
  func isPrivate() async throws {
    try await withRegion { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("--populate makes every page resident, and without it no page is")
  func populate() async throws {
    try await withRegion("1M", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("map uses the requested address, and reports an address in use")
  func address() async throws {
    try await withRegion { (name) async throws in
      let wanted = "0x6f0000000000"
      let mapped = try await Tool.run(
        "map", name.name, "--at", wanted, "--json", "--", "true")
      #expect(mapped.code == 0)
      #expect(try JSON(report: mapped.output).mappings[0].address.text == wanted)
      let twice = try await Tool.run("map", name.name, name.name, "--at", wanted, "--", "true")
      #expect(twice.code == 64)
      #expect(twice.error.contains("--at requires exactly one region"))
    }
  }

  @Test(
    "refuses invalid addresses",
    arguments: ["0", "0x0", "4096", "0x1001", "-0x1000", "0xg", ""]
  )
  func badAddress(_ address: String) async throws {
    let result = try await Tool.run("map", TestName().name, "--at=\(address)", "--", "true")
    #expect(result.code == 64)
  }

  @Test("CMD gets the regions as descriptors from 3 on, in order, and their count")
  func command() async throws {
    try await withRegion("4K") { (first) async throws in
      try await withRegion("8K") { (second) async throws in
        let script = "echo $SHMTOOL_FDS; readlink /proc/self/fd/3 /proc/self/fd/4; ls /proc/self/fd"
        let result = try await Tool.run("map", first.name, second.name, "--", "sh", "-c", script)
        #expect(result.code == 0)
        #expect(result.error.isEmpty)
        let lines = result.text.split(separator: "\n")
        #expect(lines[...2].elementsEqual(["2", Substring(first.path), Substring(second.path)]))
        // ls itself has one open.
        #expect(lines[3...].elementsEqual(["0", "1", "2", "3", "4", "5"]))
      }
    }
  }

  @Test("--anonymous gives CMD a memfd without a name")
  func anonymous() async throws {
    let result = try await Tool.run(
      "map", "--anonymous", "64K", "--", "sh", "-c",
      "stat -L -c '%s %h' /proc/self/fd/3; readlink /proc/self/fd/3")
    #expect(result.code == 0)
    #expect(result.text == "65536 0\n/memfd:shmtool (deleted)\n")
  }

  @Test(
    "map exits with the status of CMD, with 128 + its signal, with 127 or with 126",
    arguments: [
      (["sh", "-c", "exit 7"], 7), (["sh", "-c", "kill -9 $$"], 137), (["true"], 0),
      (["/nonexistent/command"], 127), (["shmtool-no-such-command"], 127), (["/etc/passwd"], 126),
      (["/"], 126),
    ])
  func codes(_ command: [String], _ code: Int) async throws {
    try await withRegion { (name) async throws in
      let result = try await Tool.run(Tool.path, ["map", name.name, "--"] + command)
      #expect(result.code == Int32(code))
      #expect(result.error.isEmpty == (code < 126 || code > 127))
    }
  }

  @Test("map forwards a signal to CMD, and ends as CMD does")
  func signal() async throws {
    try await withRegion { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("wrong operands are reported, and no region is mapped")
  func usage() async throws {
    let name = TestName()
    for words in [[], ["--anonymous", "0"], ["--anonymous", "x"], [name.name, "--"]] {
      let result = try await Tool.run(Tool.path, ["map"] + words)
      #expect(result.code == 64, "\(words)")
      #expect(result.output.isEmpty)
    }
    let missing = try await Tool.run("map", name.name, "--", "true")
    #expect(missing.code == 66)
    let empty = try await Tool.shell(": >\(name.path); exec \"$SHMTOOL\" map \(name) -- true")
    #expect(empty.code == 65)
    #expect(empty.error.contains("it is empty"))
  }

  @Test(
    "a region that can only be read is mapped read-only",
    .enabled(if: geteuid() != 0, "needs an ordinary user")
  )
  func readOnly() async throws {
    try await withRegion("4K", ["--mode", "400"]) { (name) async throws in
      #expect(try await Tool.run("map", name.name, "--", "true").code == 77)
      #expect(try await Tool.run("map", name.name, "--read-only", "--", "true").code == 0)
      #expect(try await Tool.run("map", name.name, "--private", "--", "true").code == 0)
    }
  }
}
