import ShmTestSupport
import Testing

@testable import shmtool

@Suite("metrics")
struct MetricsTests {
  @Test("the sums by kind, owner and state equal those of list")
  func sums() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, alone: true)
    }
  }

  @Test("--output chooses the columns of bytes, and filters omit the host")
  func columns() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("the largest regions have samples, and only with --top")
  func top() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, alone: true)
    }
  }

  @Test("each hostile name is one label value without a raw control character")
  func hostile() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("a file is replaced atomically, with mode 0644")
  func file() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("limits prints the values of JSON as metrics, with the same exit status")
  func limits() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "the parsers of prometheus-client read the same samples",
    .enabled("needs python3-prometheus-client") {
      await Python.has(module: "prometheus_client.openmetrics.parser")
    })
  func client() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "the guide lists every metric", .enabled(if: Sources.areReadable, "needs the sources"))
  func guide() throws {
    let page = try Sources.text(of: "Sources/shmtool/shmtool.docc/Metrics.md")
    let listed = page.matches(of: /\| `(shmtool_[a-z_]+)` \|/).map { String($0.1) }
    var names: [String] = []
    for file in ["ListReport", "LimitsReport"] {
      let code = try Sources.text(of: "Sources/shmtool/Output/\(file)+Metrics.swift")
      for match in code.matches(
        of: /MetricFamily\(\s*"([a-z_]+)(\\\((?:column\.name|part)\))?",\s*(\.bytes|nil)/)
      {
        let parts =
          match.2 == nil
          ? [""]
          : match.1.hasPrefix("huge")
            ? ["size", "free", "reserved", "available"]
            : ListReport.columns.filter { $0.amount != nil }.map(\.name)
        names += parts.map { "shmtool_\(match.1)\($0)" + (match.3 == "nil" ? "" : "_bytes") }
      }
    }
    #expect(names.count > 40)
    #expect(names.sorted() == listed.sorted())
  }

  @Test("unknown values have no sample, and labels are escaped")
  func text() {
    var family = MetricFamily("size", .bytes, "A size.")
    family.add(nil as Int?)
    #expect(MetricFamily.text([family]) == "# EOF\n")
    family.add(.infinity)
    family.add(5, [("a", "q\"b\\n\nend"), ("b", "")])
    #expect(
      MetricFamily.text([MetricFamily("none", nil, "None."), family]) == """
        # HELP shmtool_size_bytes A size.
        # TYPE shmtool_size_bytes gauge
        # UNIT shmtool_size_bytes bytes
        shmtool_size_bytes +Inf
        shmtool_size_bytes{a="q\\"b\\\\n\\nend",b=""} 5
        # EOF

        """)
  }

  @Test(
    "options that exclude metrics are refused",
    arguments: [
      "list --metrics --json", "list --metrics --raw", "list --top 5", "list --metrics --top 0",
      "list --metrics --top 10001", "list --metrics --top -1", "list --metrics-file x --raw",
      "limits --metrics --json", "limits --metrics -q", "list --metrics-file",
    ])
  func refused(_ words: String) async throws {
    let result = try await Tool.shell("\"$SHMTOOL\" \(words)")
    #expect(result.code == 64 && result.output.isEmpty, "\(result.error)")
  }
}
