import ShmCore
import Testing

@testable import shmtool

@Suite("The earlier run that a benchmark is compared with")
struct BenchBaselineTests {
  private func error(_ json: String) throws -> ShmError {
    try #require(throws: ShmError.self) {
      try BenchBaseline(json: Array(json.utf8), attempt: "cannot compare with 'old.json'")
    }
  }

  private let series = """
    {"test":"latency","method":"pipe","size":64,"receivers":1,"unit":"nanoseconds","samples":[7,8.5],\
    "distribution":{"min":7,"p50":7,"p90":8.5,"p99":8.5,"p999":8.5,"max":9}}
    """

  @Test("reads what the encoder of reports writes, with all values")
  func roundTrip() throws {
    let values = Distribution(min: 1, p50: 2.25, p90: 3, p99: 4, p999: 5.5, max: 6)
    let written: [BenchSeries] = [
      .sample(
        .transfer, "pipe-64k", size: 1 << 20, [2e9, 2.5e9], distribution: values,
        perGib: .init(processorSeconds: 0.75, contextSwitches: 1200, systemCalls: 16384)),
      .sample(.memory, "touch", [1e9], resident: 64 << 20),
      .sample(.fanOut, "pipes", receivers: 4, [1e9, 2e9, 3e9]),
    ]
    let read = try BenchBaseline(BenchFile(machine: ["page_size": "4096"], series: written))
    #expect(read.machine == ["page_size": "4096"])
    #expect(read.series.count == 3)
    #expect(try JSONText.encode(read.series) == JSONText.encode(written))
    #expect(read.series[0].distribution.p999 == 5.5)
    #expect(read.series[0].perGib?.systemCalls == 16384)
    #expect(read.series[1].resident == 64 << 20)
  }

  @Test("has the facts of this machine in the same form as those of a report")
  func facts() throws {
    let machine = BenchMachine.current
    let json = """
      {"schema":2,"action":"bench","series":[],"machine":\(try JSONText.encode(machine))}
      """
    let facts = BenchBaseline.facts(machine)
    #expect(facts["page_size"] == "\(PageMath.pageSize)")
    #expect(facts["kernel"]?.isEmpty == false)
    #expect(try BenchBaseline(json: Array(json.utf8), attempt: "").machine == facts)
  }

  @Test("ignores keys, tests and units of later versions")
  func later() throws {
    let json = """
      {"schema":2,"action":"bench","future":{"a":[1]},"machine":{"model":null,"cores":8,"share":0.5,\
      "parts":{"a":1},"smt":true},"series":[\(series),\
      {"test":"telepathy","unit":"nanoseconds","x":1},{"test":"latency","unit":"joules"},\
      \(series.replacing("{\"test\"", with: "{\"new_key\":[],\"test\""))]}
      """
    let baseline = try BenchBaseline(json: Array(json.utf8), attempt: "")
    #expect(baseline.series.map(\.samples) == [[7, 8.5], [7, 8.5]])
    #expect(baseline.machine["model"] == nil)
    #expect(baseline.machine["parts"] == nil)
    #expect(baseline.machine["cores"] == "8")
    #expect(baseline.machine["share"] == "0.5")
    #expect(baseline.machine["smt"] == "true")
  }

  @Test(
    "refuses JSON that is no report of bench as a wrong file",
    arguments: [
      "[]", "3", "\"bench\"", "null", "{}", "{\"action\":\"bench\"}",
      "{\"schema\":\"2\",\"action\":\"bench\"}",
      "{\"schema\":2,\"action\":\"list\",\"regions\":[]}",
      "{\"schema\":2,\"action\":\"limits\"}",
    ])
  func foreign(_ json: String) throws {
    let error = try error(json)
    #expect(error.kind == .usage)
    #expect(error.attempt == "cannot compare with 'old.json'")
    #expect(error.reason == "the file is not a report of 'shmtool bench --json'")
  }

  @Test("refuses a report of another schema", arguments: [0, 1, 3])
  func schema(_ number: Int) throws {
    let error = try error("{\"schema\":\(number),\"action\":\"bench\",\"data\":[]}")
    #expect(error.kind == .usage)
    #expect(error.reason == "the report has schema \(number), and this version reads schema 2")
  }

  @Test(
    "calls text that is no complete JSON damaged",
    arguments: [
      "", " ", "\n", "{", "{\"schema\":2,\"action\":\"bench\",\"series\":[", "test,method\r\n",
      "\0\0",
    ]
  )
  func incomplete(_ text: String) throws {
    let error = try error(text)
    #expect(error.kind == .damaged)
    #expect(error.reason == "the file is not valid JSON")
  }

  @Test("names the value that is missing or wrong")
  func damaged() throws {
    func reason(_ series: String, machine: String = "{}") throws -> String {
      let error = try error(
        "{\"schema\":2,\"action\":\"bench\",\"machine\":\(machine),\"series\":\(series)}")
      #expect(error.kind == .damaged)
      return error.reason
    }
    #expect(try reason("{}") == "'series' of the report has an unexpected type")
    #expect(try reason("null") == "'series' of the report is null")
    #expect(try reason("[]", machine: "[]") == "'machine' of the report has an unexpected type")
    #expect(
      try reason("[\(series),{\"test\":\"memory\"}]") == "'series.1.unit' of the report is missing")
    #expect(
      try reason("[\(series.replacing("\"size\":64,", with: ""))]")
        == "'series.0.size' of the report is missing")
    #expect(
      try reason("[\(series.replacing("\"size\":64", with: "\"size\":\"big\""))]")
        == "'series.0.size' of the report has an unexpected type")
    for change in [
      ("[7,8.5]", "[]"), ("[7,8.5]", "[7,-1]"), ("[7,8.5]", "[7,1e300]"),
      ("\"max\":9", "\"max\":-9"), (":64,", ":-64,"),
      ("\"receivers\":1", "\"receivers\":0"),
    ] {
      #expect(
        try reason("[\(series.replacing(change.0, with: change.1))]")
          == "series 0 (latency, pipe) has an invalid value")
    }
  }
}
