import ShmTestSupport
import Testing

@Suite("copy")
struct CopyTests {
  @Test(
    "every byte is copied between regions, files and streams, at any offset",
    arguments: [1, 4095, 4096, 4097, 300_001, 5_000_003])
  func ends(_ size: Int) async throws {
    try await withRegion("\(size + 9)") { (name) async throws in
      try await Python.test(named: name, "\(size)")
    }
  }

  @Test("the report goes to stderr, JSON to stdout, or to stderr if stdout has the bytes")
  func report() async throws {
    try await withRegion("64K") { (name) async throws in
      try await withRegion("64K") { (other) async throws in
        try await Tool.run("fill", name.name, "--random", "-q")
        let told = try await Tool.run("copy", name.name, other.name + "@4K", "--length", "8K")
        #expect(told.code == 0 && told.output.isEmpty)
        #expect(told.error.hasPrefix("copied 8 KiB from '\(name)' to '\(other)@4096', in "))
        let checked = try await Tool.run("copy", name.name, other.name, "--verify")
        #expect(checked.error.contains("', verified, in "))
        let quiet = try await Tool.run("copy", name.name, other.name, "-q")
        #expect(quiet.error.isEmpty && quiet.output.isEmpty)
        let json = try await Tool.run("copy", name.name, other.name, "--json", "--verify")
        #expect(json.error.isEmpty)
        let report = try JSON(report: json.output)
        #expect(report.action == "copy" && report.from == "\(name)" && report.to == "\(other)")
        #expect(
          report.length == 65536 && report.requested_length == 65536 && report.complete == true)
        #expect(report.has("error") && report.error == .null)
        #expect(report.equal == true && report.differing == 0)
        #expect(report.has("first_difference") && report.first_difference == .null)
        #expect((report.seconds.double ?? 0) > 0 && (report.bytes_per_second.double ?? 0) > 0)
        let out = try await Tool.run("copy", name.name, "-", "--json")
        #expect(out.output.count == 65536)
        let unverified = try JSON(report: out.error.utf8)
        #expect(unverified.length == 65536)
        #expect(unverified.has("equal") && unverified.equal == .null)
        // A line is drawn of what takes long, and taken away again.
        let shown = try await Tool.run("copy", name.name, other.name, "--progress", "-q")
        #expect(shown.code == 0)
        #expect(shown.error.isEmpty || shown.error.hasSuffix("\r\u{1B}[K"))
      }
    }
  }

  @Test("copying a sparse region allocates no page, and a sealed memfd can be read")
  func sparse() async throws {
    try await withRegion("64K", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("files of unknown size, devices, FIFOs and names with an @ are accepted")
  func oddEnds() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("a verified copy that differs ends with 1 and reports the place")
  func verify() async throws {
    try await withRegion("4M") { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
