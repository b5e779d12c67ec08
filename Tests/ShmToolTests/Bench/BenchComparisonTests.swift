import ShmCore
import Testing

@testable import shmtool

@Suite("The comparison of a benchmark with an earlier run")
struct BenchComparisonTests {
  private func compared(_ now: [BenchSeries], _ before: [BenchSeries]) throws -> BenchComparison {
    let machine = ["kernel": "6.1"]
    return BenchComparison(
      now, machine: machine, with: try BenchBaseline(BenchFile(machine: machine, series: before)))
  }

  /// How the medians of two series differ.
  private func verdict(_ now: BenchSeries, _ before: BenchSeries) throws -> String {
    let comparison = try compared([now], [before])
    #expect(comparison.compared == 1)
    return comparison.slower.isEmpty ? comparison.faster.isEmpty ? "same" : "faster" : "slower"
  }

  @Test(
    "calls a lower rate slower, and a longer time",
    arguments: [
      (BenchTest.transfer, 3.0, 6.0, "slower"), (.transfer, 6.0, 3.0, "faster"),
      (.fanOut, 3.0, 6.0, "slower"), (.pages, 8.0, 2.0, "faster"),
      (.memory, 1.0, 1.2, "slower"), (.latency, 900.0, 450.0, "slower"),
      (.latency, 450.0, 900.0, "faster"), (.pressure, 12.0, 10.0, "slower"),
    ])
  func direction(_ test: BenchTest, _ now: Double, _ before: Double, _ expected: String) throws {
    let (one, other) = (
      [now * 0.99, now, now * 1.01], [before * 0.99, before, before * 1.01]
    )
    #expect(try verdict(.sample(test, one), .sample(test, other)) == expected)
  }

  @Test(
    "finds no difference that noise explains",
    arguments: [
      // At most 10 %, although the samples are apart.
      ([110.0, 110, 110], [100.0, 100, 100]),
      // More than 10 %, but not twice the spread of one run.
      ([118.0, 120, 121], [90.0, 100, 101]),
      // Two samples tell no spread.
      ([200.0, 200], [100.0, 100, 100]), ([200.0, 200, 200], [100.0, 100]), ([200.0], [100.0]),
      // The ranges overlap.
      ([100.0, 200, 200, 200], [100.0, 100, 100]), ([130.0, 130, 130], [100.0, 100, 130]),
      ([100.0, 100, 100], [100.0, 100, 100]), ([0.0, 0, 0], [0.0, 0, 0]),
    ])
  func noise(_ now: [Double], _ before: [Double]) throws {
    for test in [BenchTest.latency, .transfer] {
      #expect(try verdict(.sample(test, now), .sample(test, before)) == "same")
      #expect(try verdict(.sample(test, before), .sample(test, now)) == "same")
    }
  }

  @Test(
    "finds a difference just beyond the threshold",
    arguments: [
      ([111.0, 111, 111], [100.0, 100, 100]), ([139.0, 140, 141], [91.0, 100, 109]),
      ([1.0, 1, 1], [0.0, 0, 0]),
    ])
  func threshold(_ longer: [Double], _ shorter: [Double]) throws {
    #expect(try verdict(.sample(.latency, longer), .sample(.latency, shorter)) == "slower")
    #expect(try verdict(.sample(.latency, shorter), .sample(.latency, longer)) == "faster")
    #expect(try verdict(.sample(.transfer, longer), .sample(.transfer, shorter)) == "faster")
  }

  @Test(
    "compares samples that were measured with like core-to-core latencies",
    arguments: [
      // The machine was mostly in one state, and then mostly in another one.
      ([60.0, 62, 61, 300, 310, 305], [900.0, 900, 900, 200, 200, 200], "same"),
      ([305.0, 62, 310, 61, 300, 60], [200.0, 900, 200, 900, 200, 900], "same"),
      // In the common state it became slower.
      ([60.0, 62, 61, 300, 310, 305], [400.0, 390, 410, 200, 200, 200], "slower"),
      ([28.0, 27, 61, 62, 64, nil], [900.0, 900, 450, 450, 450, 900], "slower"),
      // Two samples of a common state are too few, and the other state explains four times as long.
      ([60.0, 62, 300, 300, 310, 305], [250.0, 250, 250, 250, 250, 250], "same"),
      ([300.0, 300, 300, 300], [250.0, 250, 250, 250], "same"),
      ([240.0, 240, 240], [200.0, 200, 200], "slower"),
      ([15.0, 15, 15], [190.0, 190, 190], "slower"),
      // Without known states all samples count.
      ([nil, nil, nil], [900.0, 900, 900], "same"), ([nil, nil, 60], [900.0, 90, 90], "same"),
      ([nil, nil, nil], [90.0, 90, 90], "slower"), (nil, [90.0, 90, 90], "slower"),
    ] as [([Double?]?, [Double], String)])
  func states(_ latencies: [Double?]?, _ rates: [Double], _ expected: String) throws {
    let before = BenchSeries.sample(.transfer, [899, 900, 901]).with(latencies: [61, 60, 65])
    let now = BenchSeries.sample(.transfer, rates).with(latencies: latencies)
    #expect(try verdict(now, before) == expected)
    #expect(try verdict(before, now) == (expected == "slower" ? "faster" : expected))
  }

  @Test("shows the medians of the compared samples")
  func comparedMedians() throws {
    let now = BenchSeries.sample(.transfer, [100, 100, 100, 400, 400, 400, 400])
      .with(latencies: [300, 300, 300, 60, 60, 60, 60])
    let before = BenchSeries.sample(.transfer, [300, 300, 300]).with(latencies: [310, 310, 310])
    let change = try #require(try compared([now], [before]).slower.first)
    #expect(change.median == 100 && change.medianBefore == 300)
  }

  @Test("refuses latencies that do not belong to the samples", arguments: [[60.0], [60, 60, -1]])
  func latencies(_ latencies: [Double]) {
    let series = BenchSeries.sample(.transfer, [1, 1, 1]).with(latencies: latencies)
    #expect(throws: ShmError.self) { try compared([], [series]) }
  }

  @Test("compares only series of the same test, method, size, receivers and unit")
  func counterparts() throws {
    let before = BenchSeries.sample(.fanOut, "pipes", receivers: 2, [1, 1, 1])
    let others: [BenchSeries] = [
      .sample(.transfer, "pipes", receivers: 2, [9, 9, 9]),
      .sample(.fanOut, "stream", receivers: 2, [9, 9, 9]),
      .sample(.fanOut, "pipes", size: 4096, receivers: 2, [9, 9, 9]),
      .sample(.fanOut, "pipes", receivers: 4, [9, 9, 9]),
      .sample(.fanOut, "pipes", receivers: 2, unit: .nanoseconds, [9, 9, 9]),
    ]
    let comparison = try compared(others, [before])
    #expect(comparison.compared == 0)
    #expect(comparison.added.count == 5)
    #expect(comparison.missing.map(\.method) == ["pipes"])
    #expect(comparison.slower.isEmpty && comparison.faster.isEmpty)
    let same = try compared(others + [before], [before])
    #expect(same.compared == 1)
    #expect(same.missing.isEmpty)
  }

  @Test("a series is slower only if a second measurement is slower, too")
  func confirmed() throws {
    func rates(_ figure: Double, _ method: String) -> BenchSeries {
      .sample(.transfer, method, [figure * 0.99, figure, figure * 1.01])
    }
    let methods = ["unix", "tcp", "map", "pipe-64k"]
    var comparison = try compared(methods.map { rates(3, $0) }, methods.map { rates(6, $0) })
    #expect(comparison.slower.map(\.series.method) == methods)
    // As slow with more noise, as fast as before, faster, and not measured.
    comparison.confirm(with: [
      .sample(.transfer, "unix", [1, 3.1, 7]), rates(5.9, "tcp"), rates(9, "map"),
    ])
    #expect(comparison.slower.map(\.series.method) == ["unix", "pipe-64k"])
    #expect(comparison.slower.map(\.series.median) == [3, 3])
    #expect(comparison.compared == 4)
  }

  @Test("names each slower series with both medians, and counts the others")
  func text() throws {
    let now: [BenchSeries] = [
      .sample(.transfer, "stream", [3.1e9, 3.1e9, 3.1e9]),
      .sample(.transfer, "stream", size: 64, [4e9, 4e9, 4e9]),
      .sample(.fanOut, "pipes", receivers: 4, [0.9e9, 0.9e9, 0.9e9]),
      .sample(.fanOut, "pipes", receivers: 1, [1e6, 1e6, 1e6]),
      .sample(.latency, "pipe", size: 8, [12_000, 12_300, 12_400]),
      .sample(.pages, "mincore", size: 64 << 20, [5e6, 5e6, 5e6]),
      .sample(.memory, "touch", [1e9, 1e9, 1e9]),
    ]
    let before: [BenchSeries] = [
      .sample(.transfer, "stream", [6.2e9, 6.2e9, 6.2e9]),
      .sample(.transfer, "stream", size: 64, [2e9, 2e9, 2e9]),
      .sample(.fanOut, "pipes", receivers: 4, [1.8e9, 1.8e9, 1.8e9]),
      .sample(.fanOut, "pipes", receivers: 1, [1e6, 1e6, 1e6]),
      .sample(.latency, "pipe", size: 8, [800, 810, 820]),
      .sample(.pages, "mincore", size: 64 << 20, [10e6, 10e6, 10e6]),
      .sample(.latency, "gone", [1, 1, 1]),
    ]
    #expect(
      try compared(now, before).text(width: 80) == """
        transfer, stream of 64 KiB: 3.10 GB/s, 6.20 before
        fan-out, pipes of 64 KiB to 4 receivers: 0.90 GB/s, 1.80 before
        latency, pipe of 8 B: 12.3 us, 0.81 before
        pages, mincore of 64 MiB: 5.00 million pages/s, 10.0 before
        6 series compared with the earlier run: 4 slower, 1 faster; 1 only in this run,
        1 only in the earlier run

        """)
    #expect(
      try compared([now[1]], [now[1]]).text(width: 80) == """
        1 series compared with the earlier run: no difference beyond noise

        """)
  }

  @Test("warns of another machine, but not of another share of stolen time")
  func machine() throws {
    let before = [
      "kernel": "6.1.0", "model": "One \u{1B}[31mprocessor", "page_size": "4096",
      "steal_share": "0.5",
    ]
    let baseline = try BenchBaseline(BenchFile(machine: before, series: []))
    let same = before.merging(["steal_share": "0"]) { $1 }
    #expect(BenchComparison([], machine: same, with: baseline).warning == nil)
    let other = ["kernel": "6.12.0", "page_size": "4096", "huge_page_pool": "0", "model": "Two"]
    #expect(
      BenchComparison([], machine: other, with: baseline).warning == """
        the earlier run measured a different machine or configuration: huge page pool is '0', was unknown; \
        kernel is '6.12.0', was '6.1.0'; model is 'Two', was 'One \\x1b[31mprocessor'
        """)
  }
}

/// A report as `bench --json` prints it.
struct BenchFile: Encodable {
  var schema = 2
  var action = "bench"
  var machine: [String: String]
  var series: [BenchSeries]
}

extension BenchBaseline {
  init(_ report: BenchFile) throws {
    try self.init(json: Array(try JSONText.encode(report).utf8), attempt: "cannot compare")
  }
}
