import CShm
import Glibc
import ShmTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import ShmCore

@Suite("Fill patterns")
struct FillPatternTests {
  private func make(_ pattern: FillPattern, _ range: Range<Int>, start: Int = 0) -> [UInt8] {
    var bytes = [UInt8](repeating: 0xEE, count: range.count)
    unsafe bytes.withUnsafeMutableBytes {
      unsafe pattern.generate(into: $0, at: range.lowerBound, rangeStart: start)
    }
    return bytes
  }

  private func word(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  // The published outputs for these seeds, of Vigna's splitmix64.c.
  private static let reference: [(UInt64, [UInt64])] = [
    (
      1_234_567,
      [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
        4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
      ]
    ),
    (0, [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4, 0x06C4_5D18_8009_454F]),
  ]

  @Test("the random one is SplitMix64, word by word, little-endian", arguments: reference)
  func splitMix64(_ seed: UInt64, _ outputs: [UInt64]) {
    let bytes = make(.random(seed: seed), 0..<8 * outputs.count)
    for (index, output) in outputs.enumerated() {
      #expect(word(bytes[(8 * index)..<(8 * index + 8)]) == output)
    }
  }

  @Test("the random one at any word is what the generator gives after as many steps")
  func splitMix64AtOnce() {
    var state = UInt64.max - 3
    let seed = state
    for index in 0..<1000 as Range<UInt64> {
      // The generator as it is published, with its state.
      state &+= 0x9E37_79B9_7F4A_7C15
      var word = state
      word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
      word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
      if FillPattern.splitMix64(seed, index: index) != word ^ (word >> 31) {
        Issue.record("output \(index) differs")
      }
    }
  }

  @Test("the sequence holds each word's own offset", arguments: [0, 8, 4096, 1 << 33])
  func sequence(_ offset: Int) {
    let bytes = make(.sequence, offset..<offset + 64)
    for index in 0..<8 {
      #expect(word(bytes[(8 * index)..<(8 * index + 8)]) == UInt64(offset + 8 * index))
    }
  }

  @Test("a pattern begins anew with the range, and nowhere else")
  func phase() {
    let pattern = FillPattern.pattern([1, 2, 3])
    #expect(make(pattern, 0..<7) == [1, 2, 3, 1, 2, 3, 1])
    #expect(make(pattern, 5..<9, start: 5) == [1, 2, 3, 1])
    #expect(make(pattern, 6..<10, start: 5) == [2, 3, 1, 2])
    #expect(make(.pattern([9]), 3..<6, start: 1) == [9, 9, 9])
  }

  @Test("bytes and zeros are what they say, at every length", arguments: [0, 1, 7, 8, 4097])
  func uniform(_ count: Int) {
    #expect(make(.zero, 3..<3 + count) == Array(repeating: 0, count: count))
    #expect(make(.byte(0xA5), 3..<3 + count) == Array(repeating: 0xA5, count: count))
  }

  @Test(
    "a range split anywhere holds the same bytes",
    arguments: [
      FillPattern.zero, .byte(7), .pattern([1, 2, 3, 4, 5]), .pattern(Array(0..<200)), .sequence,
      .random(seed: 42),
    ], [0, 1, 7, 8, 4093])
  func split(_ pattern: FillPattern, _ start: Int) {
    let range = start..<start + 61
    let whole = make(pattern, range, start: start)
    for middle in range.lowerBound...range.upperBound {
      let parts =
        make(pattern, start..<middle, start: start)
        + make(pattern, middle..<range.upperBound, start: start)
      if parts != whole { Issue.record("split at \(middle)") }
    }
  }
}

@Suite("Filling and verifying")
struct FillTests {
  private static let size = (1 << 20) + 4099

  @Test(
    "by any number of threads is the same",
    arguments: [
      FillPattern.zero, .byte(3), .pattern([1, 2, 3, 4, 5, 6, 7]), .sequence, .random(seed: 9),
    ], [1, 2, 3, 64])
  func threads(_ pattern: FillPattern, _ threads: Int) throws {
    let region = try Region.anonymous("x", size: Self.size)
    try region.fill(.byte(0xFF))
    try region.fill(pattern, threads: threads)
    #expect(try region.verify(pattern, threads: 5 - min(threads, 4)) == nil)
    let sample = Self.size - 100..<Self.size
    var expected = [UInt8](repeating: 0, count: 100)
    unsafe expected.withUnsafeMutableBytes {
      unsafe pattern.generate(into: $0, at: sample.lowerBound, rangeStart: 0)
    }
    #expect(try region.contents(sample) == expected)
  }

  @Test(
    "stays within its range", arguments: [0, 1, 7, page - 1, page, page + 1, 262_143, 262_144],
    [1, 8, page, 262_145])
  func range(_ start: Int, _ count: Int) throws {
    let region = try Region.anonymous("x", size: Self.size)
    let range = start..<start + count
    for pattern in [FillPattern.byte(1), .random(seed: 1), .pattern([5, 6, 7])] {
      try region.fill(pattern, range: range, threads: 2)
      #expect(try region.verify(pattern, range: range, threads: 2) == nil)
      #expect(try region.verify(.zero, range: range.upperBound..<Self.size) == nil)
      if start > 0 { #expect(try region.verify(.zero, range: 0..<start) == nil) }
    }
  }

  @Test("finds the first difference and counts them all", arguments: [1, 4])
  func differences(_ threads: Int) throws {
    let region = try Region.anonymous("x", size: Self.size)
    try region.fill(.random(seed: 5))
    for offset in [17, page, 300_000, Self.size - 1] {
      let old = try region.contents(offset..<offset + 1)[0]
      try region.store([old ^ 0x10], at: offset)
    }
    #expect(
      try region.verify(.random(seed: 5), threads: threads) == Difference(first: 17, count: 4))
    #expect(
      try region.verify(.random(seed: 5), range: 18..<Self.size, threads: threads)
        == Difference(first: page, count: 3))
    #expect(try region.verify(.random(seed: 5), range: 18..<page) == nil)
  }

  @Test("does not change what it verifies")
  func verifyReads() throws {
    let region = try Region.anonymous("x", size: 4 * page, reserve: false)
    let reader = try Region.open(region.reference, access: .readOnly)
    #expect(try reader.verify(.zero) == nil)
    #expect(try reader.verify(.byte(1))?.count == 4 * page)
    #expect(try region.status().allocated == 0)
  }

  @Test("of a range that is empty is a usage error, and past the end one of input and output")
  func refused() throws {
    let region = try Region.anonymous("x", size: page)
    for range in [0..<0, page..<page, -1..<1] {
      error(.usage) { try region.fill(.zero, range: range) }
      error(.usage) { _ = try region.verify(.zero, range: range) }
    }
    for range in [0..<page + 1, page..<page + 1, 0..<Int.max] {
      error(.inputOutput) { try region.fill(.zero, range: range) }
      error(.inputOutput) { _ = try region.verify(.zero, range: range) }
    }
  }

  @Test("reports its progress, to the end")
  func progress() throws {
    let region = try Region.anonymous("x", size: Self.size)
    var last = -1
    try region.fill(.byte(1), threads: 2) { done in
      #expect(done >= last)
      last = done
    }
    #expect(last == Self.size)
  }
}

@Suite("Chunks for threads")
struct ParallelChunksTests {
  @Test(
    "cover the range once, whatever the threads", arguments: [1, 2, 7],
    [0..<1, 0..<64, 63..<65, 1..<1000, 64..<128, 100..<101])
  func cover(_ threads: Int, _ range: Range<Int>) throws {
    let seen = Mutex<[Range<Int>]>([])
    var last = 0
    try ParallelChunks.run(range, size: 64, threads: threads, progress: { last = $0 }) {
      (chunks) throws(ShmError) in
      try chunks.forEach("cannot test") { chunk in seen.withLock { $0.append(chunk) } }
    }
    let chunks = seen.withLock { $0 }.sorted { $0.lowerBound < $1.lowerBound }
    #expect(chunks.first?.lowerBound == range.lowerBound)
    #expect(chunks.last?.upperBound == range.upperBound)
    for (left, right) in zip(chunks, chunks.dropFirst()) {
      #expect(left.upperBound == right.lowerBound)
      #expect(right.lowerBound % 64 == 0)
    }
    #expect(last == range.count)
  }

  @Test("stop at the first error, which is thrown when all have stopped")
  func errors() {
    let count = Atomic<Int>(0)
    error(.aborted) {
      try ParallelChunks.run(0..<64_000, size: 64, threads: 2, progress: { _ in }) {
        (chunks) throws(ShmError) in
        try chunks.forEach("cannot test") { (chunk) throws(ShmError) in
          count.wrappingAdd(1, ordering: .relaxed)
          throw ShmError(.aborted, "a", "\(chunk)")
        }
      }
    }
    #expect((1...2).contains(count.load(ordering: .relaxed)))
  }

  @Test("differences add up, and the first is the least")
  func sum() {
    let sum = DifferenceSum()
    #expect(sum.total == nil)
    sum.add(Difference(first: 9, count: 2))
    sum.add(Difference(first: 4, count: 1))
    sum.add(Difference(first: 7, count: 5))
    #expect(sum.total == Difference(first: 4, count: 8))
  }

  @Test("threads all run, at once, and are joined", arguments: [1, 2, 5])
  func threads(_ count: Int) {
    let running = Atomic<Int>(0)
    Threads.run(
      count,
      body: {
        running.wrappingAdd(1, ordering: .relaxed)
        // Ends only when all have come: so they run at once.
        while running.load(ordering: .relaxed) < count { usleep(100) }
      }, whileWaiting: {})
    #expect(running.load(ordering: .relaxed) == count)
  }
}

@Suite("Transfer through descriptors")
struct TransferTests {
  @Test("a file goes in at an offset and comes out the same")
  func roundTrip() throws {
    let data = (0..<page + 1).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let file = try TemporaryFile(data)
    let source = try InputSource(file.path)
    #expect(source.size == data.count)
    let region = try Region.anonymous("x", size: 3 * page)
    let range = page - 1..<3 * page
    #expect(
      try region.write(from: source.rawDescriptor, named: source.name, range: range) == data.count)
    #expect(try region.contents(page - 1..<2 * page) == data)
    #expect(try region.contents(0..<page - 1).allSatisfy { $0 == 0 })

    let target = try TemporaryFile()
    let sink = try FileSystem.open(FilePath(target.path), O_RDWR)
    try region.read(to: sink.raw, named: "target", range: page - 1..<2 * page)
    #expect(try FileSystem.contents(of: FilePath(target.path)) == data)
    let again = try InputSource(target.path)
    #expect(
      try region.verify(
        from: again.rawDescriptor, named: "target", range: page - 1..<2 * page) == nil)
  }

  @Test("an input of the wrong length is an error", arguments: [page - 1, page, page + 1])
  func lengths(_ length: Int) throws {
    let file = try TemporaryFile(Array(repeating: 6, count: length))
    let region = try Region.anonymous("x", size: page)
    func copy(_ amount: Region.Amount) throws -> Int {
      let source = try InputSource(file.path)
      return try region.write(from: source.rawDescriptor, named: "file", amount: amount)
    }
    switch length {
    case page:
      #expect(try copy(.all) == page)
      #expect(try copy(.upTo) == page)
    case page - 1:
      error(.usage) { _ = try copy(.all) }
      #expect(try copy(.upTo) == page - 1)
    default:
      error(.usage) { _ = try copy(.all) }
      error(.usage) { _ = try copy(.upTo) }
    }
    #expect(try region.status().size == page)
  }

  @Test("differences from an input are found, and a missing end is one")
  func verify() throws {
    let region = try Region.anonymous("x", size: page)
    func compare(_ data: [UInt8], isPrefix: Bool = false) throws -> Difference? {
      let file = try TemporaryFile(data)
      let source = try InputSource(file.path)
      return try region.verify(from: source.rawDescriptor, named: "file", isPrefix: isPrefix)
    }
    var data = [UInt8](repeating: 0, count: page)
    #expect(try compare(data) == nil)
    data[5] = 1
    data[page - 1] = 1
    #expect(try compare(data) == Difference(first: 5, count: 2))
    #expect(
      try compare(Array(repeating: 0, count: page - 3))
        == Difference(first: page - 3, count: 0, length: .shorter(by: 3)))
    let long = [UInt8](repeating: 0, count: page + 4)
    #expect(try compare(long) == Difference(first: page, count: 0, length: .longer(by: 4)))
    #expect(try compare(long, isPrefix: true) == nil)
    #expect(try compare([]) == Difference(first: 0, count: 0, length: .shorter(by: page)))
  }

  @Test("a pipe that does not block is waited for")
  func nonBlocking() throws {
    var ends: [CInt] = [0, 0]
    try SystemCall.check { unsafe pipe(&ends) }
    try SystemCall.checkNegated { cshm_fcntl(ends[0], F_SETFL, O_NONBLOCK) }
    let reading = OwnedDescriptor(adopting: ends[0])
    let writing = OwnedDescriptor(adopting: ends[1])
    let raw = reading.raw
    let writer = try ChildProcess(
      ["/bin/sh", "-c", "sleep 0.1; printf abc >&3"], descriptors: [writing.raw],
      environment: [])
    try writing.close()
    let region = try Region.anonymous("x", size: 8)
    #expect(try region.write(from: raw, named: "pipe") == 3)
    #expect(try region.contents(0..<8) == bytes("abc") + [0, 0, 0, 0, 0])
    #expect(try writer.wait() == 0)
  }

  @Test("a sink that is full, closed or for reading is an input/output error")
  func badSink() throws {
    let region = try Region.anonymous("x", size: page)
    let full = try FileSystem.open("/dev/full", O_WRONLY)
    let failure = error(.inputOutput) { try region.read(to: full.raw, named: "full") }
    #expect(failure?.reason == "no space is left there")
    let closed = error(.inputOutput) { try region.read(to: 1 << 30, named: "none") }
    #expect(closed?.reason == "it is closed, or not open for this")
  }

  @Test("inputs that cannot be read are told")
  func sources() throws {
    error(.notFound) { _ = try InputSource("/none/here") }
    error(.inputOutput) { _ = try InputSource("/proc") }
    #expect(try InputSource("/dev/null").size == nil)
    #expect(try InputSource("/proc/self/maps").size == nil)
  }

  @Test("a region is made of an input of known, unknown or given size")
  func createFrom() throws {
    let data = (0..<(1 << 20) + 77).map { UInt8(truncatingIfNeeded: $0 &* 13) }
    let file = try TemporaryFile(data)
    let known = TestName()
    let region = try Region.create(try known.reference, from: try InputSource(file.path))
    #expect(try region.status().size == data.count)
    #expect(try region.contents(0..<data.count) == data)

    let larger = TestName()
    let padded = try Region.create(
      try larger.reference, from: try InputSource(file.path), size: data.count + 5)
    #expect(try padded.contents(0..<data.count + 5) == data + [0, 0, 0, 0, 0])

    let smaller = TestName()
    let reference = try smaller.reference
    #expect(throws: ShmError.self) {
      _ = try Region.create(reference, from: try InputSource(file.path), size: data.count - 1)
    }
    #expect(!smaller.exists)
  }

  @Test("a region is made of an input that does not say its size")
  func createFromProc() throws {
    let name = TestName()
    let region = try Region.create(
      try name.reference, from: try InputSource("/proc/self/cmdline"))
    let contents = try FileSystem.contents(of: "/proc/self/cmdline")
    #expect(try region.contents(0..<contents.count + 1) == contents)
  }

  @Test("a region is not made of nothing")
  func createFromNothing() throws {
    let (name, file) = (TestName(), try TemporaryFile())
    let reference = try name.reference
    for path in ["/dev/null", file.path] {
      error(.usage) { _ = try Region.create(reference, from: try InputSource(path)) }
    }
    #expect(!name.exists)
  }
}
