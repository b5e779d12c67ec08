import Glibc
import ShmTestSupport
import Testing

@Suite("create --wired")
struct CreateWiredTests {
  @Test(
    "the region is wired before it becomes visible, and until create is interrupted",
    arguments: [SIGINT, SIGTERM])
  func held(_ signal: Int32) async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, "\(signal)")
    }
  }

  @Test("CMD gets the region as descriptor 3, and create exits with the status of CMD")
  func command() async throws {
    try await withName { (name) async throws in
      let script = "readlink /proc/self/fd/3; grep VmLck /proc/$PPID/status; exit 7"
      let result = try await Tool.run(
        "create", name.name, "--from", "/proc/version", "--wired", "-q", "--", "sh", "-c", script)
      #expect(result.code == 7)
      #expect(result.text.hasPrefix(name.path + "\n"))
      #expect(result.text.hasSuffix("     4 kB\n"))
      #expect(name.exists)
    }
  }

  @Test("leaves no region if the pages cannot be wired")
  func refused() async throws {
    try await withName { (name) async throws in
      let script = "ulimit -l 64; exec \"$SHMTOOL\" create \(name) 1M --wired --for 1s"
      let result =
        try await Nobody.isUsable()
        ? try await Nobody.shell(
          "ulimit -l 64; exec \"$NOBODY\" create \(name) 1M --wired --for 1s")
        : try await Tool.shell(script)
      #expect(result.code == 78)
      #expect(result.error.contains("cannot wire 1 MiB of '\(name)': the memlock limit is 64 KiB"))
      #expect(!name.exists)
    }
  }

  @Test("creation and wiring are reported as one JSON object")
  func json() async throws {
    try await withName { (name) async throws in
      let result = try await Tool.run(
        "create", name.name, "64K", "--wired", "--json", "--for", "10ms")
      #expect(result.code == 0)
      let report = try JSON(report: result.output)
      #expect(report.size == 65536 && report.existing == false)
      #expect(report.wiring.wired == 65536 && report.wiring.resident == 65536)
    }
  }

  @Test(
    "refuses options that cannot be combined",
    arguments: [
      ["--wired", "--sparse"], ["--wired", "--open"], ["--for", "1s"],
      ["--", "true"], ["--wired", "--for", "1s", "--", "true"], ["--wired", "--"],
    ])
  func usage(_ options: [String]) async throws {
    try await withName { (name) async throws in
      let result = try await Tool.run(Tool.path, ["create", name.name, "4K"] + options)
      #expect(result.code == 64)
      #expect(!name.exists)
    }
  }
}
