import ShmCore
import Testing

@testable import shmtool

@Suite("The charts of a benchmark on a terminal")
struct BenchPlotTests {
  private func plot(
    _ series: [BenchSeries], width: Int = 80, utf8: Bool = false, colour: Bool = false
  ) -> String {
    let style = TextStyle(width: width, colour: colour)
    return BenchPlot(style, isUTF8: utf8).text(series).replacing("\u{1B}", with: "^")
  }

  @Test(
    "are never wider than the terminal",
    arguments: [20, 21, 30, 40, 60, 79, 80, 100, 120, 200, 1000])
  func width(_ width: Int) {
    let long = BenchSeries.sample(
      .memory, "a-method-with-a-name-of-more-than-sixty-letters-and-no-blanks-at-all", [1e9],
      resident: 1 << 30)
    for series in [BenchSeries.invented, BenchSeries.invented + [long], [long]] {
      for utf8 in [false, true] {
        for colour in [false, true] {
          let text = BenchPlot(TextStyle(width: width, colour: colour), isUTF8: utf8).text(series)
          let widest = text.split(separator: "\n").map { DisplayWidth.of($0) }.max() ?? 0
          #expect(widest <= width)
          #expect(widest > 0)
        }
      }
    }
  }

  @Test("are ASCII if the locale is not UTF-8", arguments: [20, 40, 80, 120])
  func ascii(_ width: Int) {
    #expect(
      plot(BenchSeries.invented, width: width).utf8.allSatisfy {
        $0 == 0x0A || (0x20..<0x7F).contains($0)
      })
    #expect(!plot(BenchSeries.invented, width: width, utf8: true).utf8.allSatisfy { $0 < 0x7F })
  }

  @Test("are the same with colours", arguments: [true, false])
  func colours(_ utf8: Bool) {
    let coloured = plot(BenchSeries.invented, width: 100, utf8: utf8, colour: true)
    #expect(coloured.contains("^[36m"))
    #expect(
      coloured.replacing(/\^\[[0-9;]*m/, with: "")
        == plot(BenchSeries.invented, width: 100, utf8: utf8))
  }

  @Test("show bars from 0, with the values")
  func bars() {
    let series: [BenchSeries] = [
      .sample(.memory, "touch", size: 64 << 20, [2e9], resident: 64 << 20),
      .sample(.memory, "fallocate", size: 64 << 20, [4e9], resident: 32 << 20),
      .sample(.memory, "none", size: 64 << 20, [1e6], resident: 0),
    ]
    #expect(
      plot(series, width: 59) == """
        Memory made ready, 64 MiB
        touch     |##########            2.00 GB/s, 64 MiB resident
        fallocate |####################  4.00 GB/s, 32 MiB resident
        none      |#                     0.001 GB/s, 0 B resident
                  +---------+---------+
                  0         2         4 GB/s

        """)
    #expect(
      plot(series, width: 59, utf8: true) == """
        Memory made ready, 64 MiB
        touch     │██████████            2.00 GB/s, 64 MiB resident
        fallocate │████████████████████  4.00 GB/s, 32 MiB resident
        none      │▏                     0.001 GB/s, 0 B resident
                  └─────────┴─────────┴
                  0         2         4 GB/s

        """)
  }

  @Test("show medians and percentiles on a logarithmic axis")
  func spans() {
    func distribution(_ p50: Double, _ p99: Double, _ p999: Double) -> Distribution {
      Distribution(min: p50, p50: p50, p90: p50, p99: p99, p999: p999, max: p999)
    }
    let series: [BenchSeries] = [
      .sample(.latency, "pipe", size: 64, [1], distribution: distribution(1000, 10_000, 100_000)),
      .sample(.latency, "futex", size: 64, [1], distribution: distribution(100, 100, 1000)),
    ]
    #expect(
      plot(series, width: 57) == """
        Latency of a round trip: median, p99 and p99.9, 64 B
        pipe  |          o---------+---------|  1.00 us to 100 us
        futex |o---------|                      100 ns to 1.00 us
              ++---------+---------+---------+
            100 ns     1 us      10 us    100 us
        o median, + p99, | p99.9

        """)
  }

  @Test("show the methods as letters over the size, side by side where they are equal")
  func curves() {
    let series: [BenchSeries] = [64, 4096, 1 << 20].flatMap { size in
      [
        BenchSeries.sample(.transfer, "stream", size: size, [Double(size) * 1e5]),
        .sample(.transfer, "unix", size: size, [1e9]),
        .sample(.transfer, "tcp", size: size, [1e9]),
      ]
    }
    let lines = plot(series, width: 60).split(separator: "\n").map(String.init)
    #expect(lines.first == "Transfer, GB/s by the size of a message")
    #expect(lines.last == "a stream   b unix   c tcp")
    #expect(lines.filter { $0.contains("bc") }.count == 1)
    #expect(lines.filter { $0.contains("a") && $0.contains("|") }.count == 3)
    #expect(lines.contains { $0.contains("64 B") && $0.contains("4 KiB") && $0.contains("1 MiB") })
  }

  @Test("draw one size as bars, and no measurement as nothing")
  func few() {
    #expect(plot([]) == "")
    let text = plot([.sample(.transfer, "stream", [3e9])])
    #expect(text.hasPrefix("Transfer, 64 KiB\nstream |####"))
    #expect(
      plot([.sample(.transfer, "a", size: 1, [0]), .sample(.transfer, "a", size: 2, [0])])
        .contains("a a"))
  }

  @Test("have a mark for each of more methods than there is room")
  func crowd() {
    let series: [BenchSeries] = (0..<40).flatMap { method in
      [64, 128].map { BenchSeries.sample(.transfer, "m\(method)", size: $0, [1e9]) }
    }
    let text = plot(series, width: 40)
    #expect(text.contains("*"))
    #expect(text.contains("* others at the same place"))
    #expect(text.contains("N m39"))
  }
}

@Suite("The axis of a chart of a benchmark")
struct BenchAxisTests {
  @Test(
    "goes from one round value to another",
    arguments: [
      ([3.0, 40], 2.0, 50.0), ([1.0, 10], 1, 10), ([0.011, 7], 0.01, 10), ([100.0], 100, 1000),
      ([99.0, 1001], 50, 2000), ([], 1, 10), ([0.0, -1], 1, 10), ([0.0, 20, 500], 20, 500),
    ])
  func bounds(_ values: [Double], _ low: Double, _ high: Double) {
    let axis = BenchAxis(logarithmic: values)
    #expect(abs(axis.low / low - 1) < 1e-9)
    #expect(abs(axis.high / high - 1) < 1e-9)
  }

  @Test("has places from 0 to 1")
  func positions() {
    let axis = BenchAxis(logarithmic: [1, 100])
    #expect(axis.position(1) == 0)
    #expect(abs(axis.position(10) - 0.5) < 1e-9)
    #expect(axis.position(100) == 1)
    #expect(axis.position(0) == 0)
    #expect(axis.position(1e9) == 1)
    #expect(BenchAxis(upTo: 8).position(2) == 0.25)
    #expect(BenchAxis(upTo: 0).position(0) == 0)
    #expect(BenchAxis(exactly: [64]).position(64) == 0)
  }

  @Test("has at most the wanted number of labels, and two or more", arguments: [2, 3, 5, 8, 12])
  func ticks(_ most: Int) {
    for axis in [
      BenchAxis(logarithmic: [3, 40]), BenchAxis(logarithmic: [1e-9, 1e9]),
      BenchAxis(logarithmic: [7, 8]), BenchAxis(upTo: 1), BenchAxis(upTo: 9.99),
      BenchAxis(upTo: 0.013), BenchAxis(upTo: 123_456),
    ] {
      let ticks = axis.ticks(most: most)
      #expect((1...most).contains(ticks.count))
      #expect(ticks == ticks.sorted())
      #expect(ticks.allSatisfy { $0 >= axis.low * 0.99 && $0 <= axis.high * 1.01 })
    }
  }

  @Test(
    "labels round values without superfluous zeros",
    arguments: [(0.001, "0.001"), (0.02, "0.02"), (0.5, "0.5"), (1, "1"), (20, "20"), (0, "0")])
  func labels(_ value: Double, _ label: String) {
    #expect(BenchScale.gigabytes.tick(value * 1e9) == label)
  }
}
