import Glibc
import ShmTestSupport
import Testing

@Suite("inspect, by process and address", .serialized)
struct InspectProcessTests {
  @Test("--pid shows all shared memory of a process, of every kind")
  func process() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "each process and the host's figures are read once, for any number of regions",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func once() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "a System V segment is shown with its users, without attaching it",
    .enabled(if: TestEnvironment.mayMount, "needs root with CAP_SYS_ADMIN"))
  func systemV() async throws {
    try await Python.test()
  }

  @Test("--address shows the region there, and the other mappings of the same page")
  func address() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("reports that private memory of a process is not a region")
  func ownMemory() async throws {
    try await Python.test()
  }

  @Test(
    "a wrong process or address is reported",
    arguments: [
      ("999999999@0x1000", 66, "process 999999999 does not exist"),
      ("SELF@0x0", 66, "the address is not mapped"),
      ("SELF@0xffffffffffffffff", 66, "the address is not mapped"),
      ("0@0x1000", 64, "as PID@0xADDRESS"),
      ("1@0x", 64, "as PID@0xADDRESS"),
      ("1@0xg", 64, "as PID@0xADDRESS"),
      ("1@0x10000000000000000", 64, "as PID@0xADDRESS"),
      ("/1@0x1000", 66, "no such region"),
    ])
  func wrong(_ operand: String, _ code: Int32, _ words: String) async throws {
    let operand = operand.replacing("SELF", with: "\(getpid())")
    let result = try await Tool.run("inspect", operand)
    // The last address of all belongs to the kernel on some machines.
    if operand.hasSuffix("ffff"), result.code == 0 { return }
    #expect(result.code == code)
    #expect(result.error.contains(words))
    #expect(result.output.isEmpty)
  }

  @Test(
    "inspect without an operand or process is a usage error",
    arguments: [[], ["--pid", "0"], ["--pid", "x"], ["--watch"]])
  func usage(_ words: [String]) async throws {
    #expect(try await Tool.run(Tool.path, ["inspect"] + words).code == 64)
    #expect(try await Tool.run("inspect", "--pid", "999999999").code == 66)
  }
}
