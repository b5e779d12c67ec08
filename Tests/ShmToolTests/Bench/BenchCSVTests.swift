import Testing

@testable import shmtool

@Suite("The comma-separated values of a benchmark")
struct BenchCSVTests {
  @Test("has a line of headings and a line for each series, ended with CR and LF")
  func rows() {
    let values = Distribution(min: 400, p50: 450.5, p90: 500, p99: 900, p999: 12000, max: 1e6)
    let text = BenchCSV.text([
      .sample(.latency, "stream-spinning", size: 8, [450, 451, 460], distribution: values),
      .sample(
        .transfer, "pipe-1m", size: 1 << 20, [2.5e9, 3e9],
        perGib: .init(processorSeconds: 0.625, contextSwitches: 17, systemCalls: 2048)),
      .sample(.memory, "touch", size: 4096, [1e9], resident: 0),
      .sample(.fanOut, "pipes", receivers: 8, [0.1, 0.1, 0.1]).with(rank: 2),
    ])
    let lines = text.replacing("\r\n", with: "|\n")
    #expect(
      lines == """
        test,method,size,receivers,unit,median,min,p50,p90,p99,p999,max,samples,\
        processor_seconds_per_gib,context_switches_per_gib,system_calls_per_gib,resident,rank|
        latency,stream-spinning,8,1,nanoseconds,451,400,450.5,500,900,12000,1000000,3,,,,,|
        transfer,pipe-1m,1048576,1,bytes_per_second,2500000000,2500000000,2500000000,3000000000,\
        3000000000,3000000000,3000000000,2,0.625,17,2048,,|
        memory,touch,4096,1,bytes_per_second,1000000000,1000000000,1000000000,1000000000,\
        1000000000,1000000000,1000000000,1,,,,0,|
        fan-out,pipes,65536,8,bytes_per_second,0.1,0.1,0.1,0.1,0.1,0.1,0.1,3,,,,,2|

        """)
    #expect(BenchCSV.text([]) == BenchCSV.columns.joined(separator: ",") + "\r\n")
  }

  @Test(
    "quotes a field with a comma, a quote or a line end",
    arguments: [
      ("a,b", "\"a,b\""), ("say \"x\"", "\"say \"\"x\"\"\""), ("a\nb", "\"a\nb\""),
      ("a\r\nb", "\"a\r\nb\""), ("ä b;c'", "ä b;c'"), ("", ""),
    ])
  func quoting(_ method: String, _ field: String) {
    let text = BenchCSV.text([.sample(.latency, method, [1])])
    #expect(text.hasSuffix("\r\nlatency,\(field),65536,1,nanoseconds,1,1,1,1,1,1,1,1,,,,,\r\n"))
  }

  @Test("omits figures that are not finite")
  func infinite() {
    let values = Distribution(min: 1, p50: 1, p90: 1, p99: .nan, p999: .infinity, max: 1e300)
    let text = BenchCSV.text([.sample(.latency, "pipe", [1], distribution: values)])
    #expect(text.hasSuffix("nanoseconds,1,1,1,1,,,1e+300,1,,,,,\r\n"))
  }
}
