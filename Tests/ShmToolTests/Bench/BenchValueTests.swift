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
    "the crossover is the size from which one is faster at every size, by more than the margin",
    arguments: [
      ([2, 2, 2], [1, 1, 1], 1), ([0, 2, 2], [1, 1, 1], 10), ([2, 0, 2], [1, 1, 1], 100),
      ([2, 2, 0], [1, 1, 1], nil), ([1, 1, 1], [1, 1, 1], nil),
      ([1.09, 1.12, 1.12], [1, 1, 1], 10), ([2, 2, 1.09], [1, 1, 1], nil),
    ] as [([Double], [Double], Int?)])
  func crossover(_ one: [Double], _ other: [Double], _ expected: Int?) {
    #expect(BenchVerdict.crossover([1, 10, 100], one, other) == expected)
  }

  @Test(
    "mapping pays only if it is faster by more than the margin",
    arguments: [
      (1.3, "pays from 4 MiB on: 1.30 times as fast at 4 MiB"),
      (1.08, "message passing is at least as fast at 4 MiB"),
      (0.8, "message passing is at least as fast at 4 MiB"),
    ])
  func mappingVerdict(_ ratio: Double, _ text: String) throws {
    let series = [64, 4 << 20].flatMap { size in
      [
        BenchSeries.sample(.transfer, "map", size: size, [(size > 64 ? ratio : 0.01) * 1e9]),
        .sample(.transfer, "pipe-64k", size: size, [0.5e9]),
        .sample(.transfer, "unix", size: size, [1e9]),
      ]
    }
    let verdict = try #require(
      BenchVerdict.all(series).first { $0.text.hasPrefix("mapping each message") })
    #expect(verdict.text.contains(text), "\(verdict.text)")
  }

  @Test("methods are ordered by their median; those within the margin keep their order")
  func order() {
    let medians = [("a", 109.0), ("b", 100), ("c", 500), ("d", 111), ("e", 50), ("f", 460)]
    let series = medians.map { BenchSeries.sample(.latency, $0.0, size: 64, [$0.1]) }
    #expect(BenchVerdict.ordered(series).map(\.method) == ["e", "a", "b", "d", "c", "f"])
    #expect(BenchVerdict.ordered([]).isEmpty)
  }

  @Test("a plan for some series leaves out all other sizes and receivers")
  func partialPlan() {
    let plan = BenchPlan.whole.measuring([
      .sample(.transfer, "unix", size: 4096, [1]), .sample(.latency, "pipe", size: 8, [1]),
      .sample(.fanOut, "pipes", receivers: 4, [1]), .sample(.pages, "mincore", size: 64, [1]),
    ])
    #expect(plan.transferSizes == [4096] && plan.latencySizes == [8] && plan.receivers == [4])
    #expect(plan.rounds == BenchPlan.whole.rounds && plan.memorySize == BenchPlan.whole.memorySize)
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
