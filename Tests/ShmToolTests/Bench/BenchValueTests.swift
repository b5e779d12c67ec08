import Histogram
import ShmCore
import Testing

@testable import shmtool

@Suite("values of bench")
struct BenchValueTests {
  @Test(
    "a percentile is the smallest value that so many values do not exceed",
    arguments: [
      ([3.0], 0, 3), ([3], 0.5, 3), ([3], 1, 3), ([1, 2], 0.5, 1), ([1, 2], 0.51, 2),
      ([1, 2, 3], 0.5, 2), ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.9, 9),
      ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.99, 10),
    ] as [([Double], Double, Double)])
  func percentile(_ values: [Double], _ part: Double, _ expected: Double) {
    #expect(Distribution.value(at: part, of: values) == expected)
  }

  @Test(
    "the crossover is the size from which a method is faster at every size",
    arguments: [
      ([true, true, true], 1), ([false, true, true], 10), ([true, false, true], 100),
      ([true, true, false], nil), ([false, false, false], nil),
    ] as [([Bool], Int?)])
  func crossover(_ isFaster: [Bool], _ expected: Int?) {
    #expect(BenchVerdict.crossover([1, 10, 100], isFaster) == expected)
  }

  @Test("a verdict is that of the usual state of the machine, in spite of a shared rank")
  func usualState() {
    let states = [1, 1, 1, 1, 1, 1, 0.05, 0.05]
    let series = BenchRanking.ranked([
      .sample(.transfer, "stream", size: 64, states.map { $0 * 10 }),
      .sample(.transfer, "unix", size: 64, states.map { _ in 2 }),
    ])
    #expect(series.map(\.rank) == [1, 1])
    #expect(BenchRanking.isUsuallyBetter(series[0], than: series[1]))
    #expect(!BenchRanking.isUsuallyBetter(series[1], than: series[0]))
    #expect(!BenchRanking.isUsuallyBetter(series[0].with(rank: 2), than: series[1]))
    #expect(BenchVerdict.all(series).map(\.crossover.value) == [64])
  }

  @Test(
    "with a shared rank the usual state must show twice the noise",
    arguments: [(1.4, nil), (1.5, nil), (1.6, 64), (3, 64)] as [(Double, Int?)])
  func sharedRank(_ ratio: Double, _ expected: Int?) {
    // In some rounds the order is the opposite one.
    let rounds = [ratio, ratio, ratio, ratio, 0.5, 0.5]
    let series = BenchRanking.ranked([
      .sample(.transfer, "map", size: 64, rounds),
      .sample(.transfer, "unix", size: 64, rounds.map { _ in 1 }),
    ])
    #expect(series.map(\.rank) == [1, 1])
    #expect(BenchVerdict.all(series).map(\.crossover.value) == [expected])
  }

  @Test("fewer than three rounds give no verdict", arguments: [1, 2, 3])
  func fewRounds(_ count: Int) {
    func some(_ test: BenchTest, _ method: String, _ value: Double) -> BenchSeries {
      .sample(test, method, size: 64, Array(repeating: value, count: count))
    }
    let series = BenchRanking.ranked([
      some(.transfer, "stream", 9), some(.transfer, "unix", 1), some(.transfer, "map", 9),
      some(.latency, "stream-spinning", 1), some(.latency, "pipe", 9),
      some(.fanOut, "stream-in-place", 9), some(.fanOut, "pipes", 1),
    ])
    let verdicts = BenchVerdict.all(series)
    if count < 3 {
      #expect(
        verdicts.map(\.text)
          == ["transfer", "latency", "fan-out"].map { "\($0) has too few rounds for a verdict" })
      #expect(verdicts.allSatisfy { $0.crossover.value == nil })
    } else {
      #expect(verdicts.count == 4)
      #expect(!verdicts.contains { $0.text.contains("too few") })
    }
  }

  @Test("a chain that is divided between two methods does not make one faster")
  func dividedChain() {
    let rates = [("map", 1.3), ("unix", 1.1), ("tcp", 0.98)]
    let series = BenchRanking.ranked(
      rates.map { .sample(.transfer, $0.0, size: 64, [$0.1, $0.1, $0.1]) })
    #expect(series.map(\.rank) == [1, 2, 2])
    #expect(BenchRanking.isUsuallyBetter(series[0], than: series[2]))
    #expect(!BenchRanking.isUsuallyBetter(series[0], than: series[1]))
    #expect(BenchVerdict.all(series).map(\.crossover.value) == [nil])
  }

  @Test("a verdict shows the median ratio of the method that decided")
  func decidingMethod() throws {
    // The medians of all rounds say 1.02 and 1.1, and no rank differs.
    let series = BenchRanking.ranked([
      .sample(.transfer, "stream", size: 64, [51, 20, 51, 20, 51, 20]),
      .sample(.transfer, "stream-in-place", size: 64, [150, 55, 160, 55, 40, 55]),
      .sample(.transfer, "unix", size: 64, [50, 25, 50, 25, 50, 25]),
      .sample(.transfer, "tcp", size: 64, [9, 9, 9, 9, 9, 9]),
    ])
    #expect(series.prefix(3).map(\.rank) == [1, 1, 1])
    let verdict = try #require(BenchVerdict.all(series).first)
    #expect(verdict.crossover.value == 64)
    #expect(verdict.text.contains("2.20 times as fast as unix at 64 B"), "\(verdict.text)")
  }

  @Test(
    "mapping pays only if it is faster by more than noise",
    arguments: [
      (1.3, "pays from 4 MiB on: 1.30 times as fast as unix at 4 MiB"),
      (1.2, "at 4 MiB it is not faster than message passing by more than noise"),
      (0.8, "at 4 MiB it is not faster than message passing by more than noise"),
    ])
  func mappingVerdict(_ ratio: Double, _ text: String) throws {
    func rounds(_ rate: Double) -> [Double] { [rate, rate, rate].map { $0 * 1e9 } }
    let series = [64, 4 << 20].flatMap { size in
      [
        BenchSeries.sample(.transfer, "map", size: size, rounds(size > 64 ? ratio : 0.01)),
        .sample(.transfer, "pipe-64k", size: size, rounds(0.5)),
        .sample(.transfer, "unix", size: size, rounds(1)),
      ]
    }
    let verdict = try #require(
      BenchVerdict.all(BenchRanking.ranked(series)).first {
        $0.text.hasPrefix("mapping each message")
      })
    #expect(verdict.text.contains(text), "\(verdict.text)")
  }

  @Test("verdicts name methods in the order of their ranks; those of one rank keep their order")
  func order() throws {
    let medians = [("a", 110.0), ("b", 100), ("c", 500), ("d", 190), ("e", 50), ("f", 460)]
    let series = medians.map {
      BenchSeries.sample(.latency, $0.0, size: 64, [$0.1, $0.1, $0.1])
    }
    let verdict = try #require(BenchVerdict.all(BenchRanking.ranked(series)).first)
    #expect(
      verdict.text
        == "64 B there and back: e 50 ns, a 110 ns, b 100 ns, d 190 ns, c 500 ns, f 460 ns")
  }

  @Test(
    "a stream to several receivers is faster only if its rank is better",
    arguments: [(2.0, "2.00 times as fast as"), (1.1, "about as fast as"), (0.5, "0.50 times as")])
  func fanOutVerdict(_ ratio: Double, _ text: String) throws {
    let series: [BenchSeries] = [
      .sample(.fanOut, "stream-in-place", receivers: 4, [ratio, ratio, ratio]),
      .sample(.fanOut, "pipes", receivers: 4, [1, 1, 1]),
    ]
    let verdict = try #require(BenchVerdict.all(BenchRanking.ranked(series)).first)
    #expect(verdict.text.contains(text), "\(verdict.text)")
  }

  @Test("further rounds are added to the samples, the distribution and the cost")
  func furtherRounds() throws {
    var series = BenchSeries.sample(
      .transfer, "unix", [1, 2],
      perGib: .init(processorSeconds: 1, contextSwitches: 10, systemCalls: 100))
    series.add(
      .sample(
        .transfer, "unix", [3, 4, 5, 6],
        perGib: .init(processorSeconds: 4, contextSwitches: 40, systemCalls: 400)))
    #expect(series.samples == [1, 2, 3, 4, 5, 6])
    #expect(series.distribution.max == 6 && series.median == 3)
    let cost = try #require(series.perGib)
    #expect(abs(cost.processorSeconds - 3) < 1e-9 && abs(cost.systemCalls - 300) < 1e-9)
    // The individual values of a latency are more than its samples.
    var latency = BenchSeries.sample(.latency, "pipe", [10])
    latency.values = histogram(10, 11, 12)
    var other = BenchSeries.sample(.latency, "pipe", [20])
    other.values = histogram(20, 21, 22, 23)
    latency.add(other)
    #expect(latency.samples == [10, 20])
    #expect(latency.distribution.min == 10 && latency.distribution.p50 == 20)
  }

  private func histogram(_ values: UInt64...) -> Histogram<UInt64> {
    var histogram = Histogram<UInt64>(
      highestTrackableValue: 1000, numberOfSignificantValueDigits: .three)
    for value in values { histogram.record(value) }
    return histogram
  }

  @Test("a plan for some series leaves out all other sizes and receivers")
  func partialPlan() {
    let plan = BenchPlan.whole.measuring([
      .sample(.transfer, "unix", size: 4096, [1]), .sample(.latency, "pipe", size: 8, [1]),
      .sample(.fanOut, "pipes", receivers: 4, [1]), .sample(.pages, "mincore", size: 64, [1]),
    ])
    #expect(plan.transferSizes == [4096] && plan.latencySizes == [8] && plan.receivers == [4])
    #expect(plan.rounds == BenchPlan.whole.rounds && plan.memorySize == BenchPlan.whole.memorySize)
    let quick = BenchPlan.quick.measuring([], passes: 2)
    #expect(quick.rounds == 2 * BenchPlan.quick.rounds && quick.passes == 1)
    // Processes that are set up for smaller messages would measure something else, or fail.
    #expect(plan.largestTransfer == BenchPlan.whole.transferSizes.last)
    #expect(BenchPlan.quick.largestTransfer == BenchPlan.quick.transferSizes.last)
  }

  @Test("the sum of a message does not depend on how it is divided")
  func sums() {
    for size in [8, 64, 120, 128, 136, 1000, 4096] {
      let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
      unsafe bytes.withUnsafeBytes { all in
        let whole = unsafe BenchSum.of(all)
        for place in stride(from: 0, through: size, by: 8) {
          let parts =
            unsafe BenchSum.of(UnsafeRawBufferPointer(rebasing: all[..<place]))
            &+ BenchSum.of(UnsafeRawBufferPointer(rebasing: all[place...]))
          #expect(parts == whole, "\(size) at \(place)")
        }
      }
    }
  }

  @Test("a changed byte changes the sum")
  func changed() {
    var bytes = [UInt8](repeating: 7, count: 1000)
    let before = unsafe bytes.withUnsafeBytes { unsafe BenchSum.of($0) }
    for index in bytes.indices {
      bytes[index] ^= 1
      #expect(unsafe bytes.withUnsafeBytes { unsafe BenchSum.of($0) } != before, "\(index)")
      bytes[index] ^= 1
    }
  }

  @Test(
    "figures have two or three significant digits",
    arguments: [
      (0.0123, "0.012"), (0.1, "0.10"), (0.999, "1.00"), (1.5, "1.50"), (9.99, "9.99"),
      (12.34, "12.3"), (99.96, "100.0"), (123.4, "123"), (0, "0.000"),
    ])
  func figures(_ value: Double, _ text: String) {
    #expect(Format.figure(value) == text)
  }

  @Test(
    "times have the unit that fits",
    arguments: [
      (0.4, "0 ns"), (450, "450 ns"), (999, "999 ns"), (1000, "1.00 us"), (12_340, "12.3 us"),
      (4_500_000, "4.50 ms"), (2.1e9, "2.10 s"),
    ])
  func times(_ value: Double, _ text: String) {
    #expect(Format.nanoseconds(value) == text)
  }

  @Test("a refused method is skipped; an error that means a wrong measurement is thrown")
  func skipped() throws {
    var result = BenchResult()
    for kind in [ShmError.Kind.noSpace, .limit, .notPermitted, .system] {
      try result.skip(.memory, .mlock, because: ShmError(kind, "a", "reason of \(kind.name)"))
    }
    #expect(result.skipped.map(\.reason).last == "reason of system" && result.skipped.count == 4)
    for kind in [ShmError.Kind.damaged, .peerDied, .defect] {
      #expect(throws: ShmError.self) {
        try result.skip(.pages, .mincore, because: ShmError(kind, "a", "b"))
      }
    }
    #expect(result.skipped.count == 4)
  }

  @Test("methods are measured in turn; the first round and a method that fails do not count")
  func turns() throws {
    var result = BenchResult()
    var calls: [BenchMethod] = []
    let found = try result.measureInTurn(
      [.touch, .mlock, .write], of: .memory, rounds: 3,
      BenchProgress(steps: 4, isWanted: false, isQuiet: true)
    ) { (method) throws(ShmError) in
      calls.append(method)
      if method == .mlock, calls.count > 3 { throw ShmError(.limit, "a", "refused") }
      return Double(calls.count)
    }
    #expect(
      calls == [
        .touch, .mlock, .write, .touch, .mlock, .write, .touch, .write, .touch, .write,
      ])
    #expect(found.map(\.method) == [.touch, .write])
    #expect(found.map(\.samples) == [[4, 7, 9], [6, 8, 10]])
    #expect(result.skipped.map(\.method) == ["mlock"])
  }

  @Test("the part of a process survives its command line, and other words are refused")
  func parts() throws {
    let part = BenchPart(
      method: .processMemory, role: .echo, largest: 4096, stream: "a:b", starter: 7)
    let parsed = try #require(BenchPart(word: part.word))
    #expect(parsed.word == part.word && parsed.stream == "a:b")
    for word in [
      "", "unix", "unix:sender:0:1:", "unix:sender:-8:1:", "unix:boss:8:1:", "x:sender:8:1:",
    ] {
      #expect(BenchPart(word: word) == nil, "\(word)")
    }
  }
}
