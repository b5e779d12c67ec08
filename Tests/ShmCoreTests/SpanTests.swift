import CShm
import Glibc
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore

/// A structure as two programs would agree on it.
private struct Sample: SharedValue, Equatable {
  var time: UInt64
  var value: Double
}

/// Compiles only if the type may move between tasks.
private func isSendable<Value: Sendable & ~Copyable>(_ type: Value.Type) -> Bool { true }

@Suite("the bytes of a mapping as spans")
struct SpanTests {
  @Test("a span holds the bytes of the range without the rest of the last page")
  func extent() throws {
    let region = try Region.anonymous("t", size: page + 10)
    var mapping = try Mapping(of: region)
    #expect(mapping.bytes.byteCount == page + 10)
    let length = mapping.mutableBytes?.byteCount
    #expect(length == page + 10)
    let part = try Mapping(of: region, range: page..<page + 10, protection: .readOnly)
    #expect(part.bytes.byteCount == 10)
    #expect(part.withBytes { $0.byteCount } == 10)
  }

  @Test("bytes written through one mapping are read through another one")
  func sharing() throws {
    let region = try Region.anonymous("t", size: 2 * page)
    var writer = try Mapping(of: region)
    let reader = try Mapping(of: region, protection: .readOnly)
    if var bytes = writer.mutableBytes {
      bytes.storeBytes(of: 0x1122_3344, toByteOffset: page + 4, as: UInt32.self)
    }
    #expect(
      unsafe reader.bytes.unsafeLoad(fromByteOffset: page + 4, as: UInt32.self) == 0x1122_3344)
    #expect(try region.bytes(in: page + 4..<page + 8) == [0x44, 0x33, 0x22, 0x11])
  }

  @Test("a read-only mapping offers no mutable span and no counter")
  func readOnly() throws {
    let region = try Region.anonymous("t", size: page)
    var mapping = try Mapping(of: region, protection: .readOnly)
    let isWritable = if mapping.mutableBytes == nil { false } else { true }
    #expect(!isWritable)
    error(.notPermitted) { _ = try mapping.mutableElements(of: Double.self).count }
    error(.notPermitted) { try mapping.counter(at: 0).store(1) }
    #expect(try mapping.counterValue(at: 0) == 0)
  }

  @Test("changes through a private mapping stay out of the region, and it offers no counter")
  func privateMapping() throws {
    let region = try Region.anonymous("t", size: page)
    var mapping = try Mapping(of: region, sharing: .private)
    var numbers = try mapping.mutableElements(of: UInt64.self)
    numbers[0] = 7
    #expect(try mapping.elements(of: UInt64.self)[0] == 7)
    #expect(try region.bytes(in: 0..<8) == [UInt8](repeating: 0, count: 8))
    error(.usage) { _ = try mapping.counter(at: 0).load() }
    error(.usage) { _ = try mapping.counterValue(at: 0) }
  }

  @Test("an array of structures has as many elements as the mapping has room for")
  func elements() throws {
    let region = try Region.anonymous("t", size: page + 24)
    var mapping = try Mapping(of: region)
    let room = (page + 24 - 8) / MemoryLayout<Sample>.stride
    var samples = try mapping.mutableElements(of: Sample.self, at: 8)
    #expect(samples.count == room)
    for index in samples.indices {
      samples[index] = Sample(time: UInt64(index), value: Double(index) / 2)
    }
    let read = try mapping.elements(of: Sample.self, at: 8)
    #expect(read.count == room)
    #expect(read[room - 1] == Sample(time: UInt64(room - 1), value: Double(room - 1) / 2))
    #expect(try mapping.elements(of: UInt8.self, at: page + 24).isEmpty)
  }

  @Test(
    "elements that are misaligned or beyond the end are refused",
    arguments: [
      (-8, nil), (4, nil), (page + 8, 1), (page - 8, 3), (0, page), (0, -1), (page + 17, nil),
      (Int.max - 7, nil), (0, Int.max),
    ] as [(Int, Int?)])
  func refused(_ offset: Int, _ count: Int?) throws {
    let region = try Region.anonymous("t", size: page + 8)
    var mapping = try Mapping(of: region)
    error(.usage) { _ = try mapping.elements(of: Double.self, at: offset, count: count).count }
    error(.usage) {
      _ = try mapping.mutableElements(of: Double.self, at: offset, count: count).count
    }
  }

  @Test("a counter that is misaligned or beyond the end is refused", arguments: [-8, 4, 12, page])
  func refusedCounter(_ offset: Int) throws {
    let region = try Region.anonymous("t", size: page)
    let mapping = try Mapping(of: region)
    error(.usage) { _ = try mapping.counter(at: offset).load() }
    error(.usage) { _ = try mapping.counterValue(at: offset) }
  }

  @Test("a counter adds, exchanges and compares, and wraps at 64 bits")
  func counter() throws {
    let region = try Region.anonymous("t", size: page)
    let mapping = try Mapping(of: region)
    let reader = try Mapping(of: region, protection: .readOnly)
    let counter = try mapping.counter(at: page - 8)
    // The macro cannot capture the counter, because a counter cannot leave its scope.
    let numbers = [counter.load(), counter.add(5), counter.exchange(.max), counter.add(2)]
    #expect(numbers == [0, 5, 5, 1])
    let results = [
      counter.compareExchange(expected: 0, desired: 9),
      counter.compareExchange(expected: 1, desired: 9),
    ]
    #expect(results == [false, true])
    #expect(try reader.counterValue(at: page - 8) == 9)
    #expect(try mapping.elements(of: UInt64.self, at: page - 8)[0] == 9)
  }

  @Test("two processes add to one counter without a loss, and publish an array with another")
  func processes() async throws {
    let name = TestName()
    let region = try Region.create(name.reference, size: 4 * page)
    let text = name.name
    // Offsets: 0 the sum, 64 the number of ready processes, 128 the published values, a page on the values.
    async let parent = blocking {
      let mapping = try Mapping(of: Region.open(RegionReference(text)))
      try mapping.counter(at: 64).add(1)
      guard eventually({ (try? mapping.counterValue(at: 64)) == 2 }) else { return false }
      let sum = try mapping.counter(at: 0)
      for _ in 0..<100_000 { sum.add(1) }
      return true
    }
    await #expect(processExitsWith: .success) { [text = text as String] in
      var mapping = try Mapping(of: Region.open(RegionReference(text)))
      try mapping.counter(at: 64).add(1)
      #expect(eventually { (try? mapping.counterValue(at: 64)) == 2 })
      do {
        let sum = try mapping.counter(at: 0)
        for _ in 0..<100_000 { sum.add(1) }
      }
      do {
        var values = try mapping.mutableElements(of: Double.self, at: page, count: 1000)
        for index in values.indices { values[index] = Double(index) / 4 }
      }
      try mapping.counter(at: 128).store(1000)
    }
    #expect(try await parent)
    let mapping = try Mapping(of: region, protection: .readOnly)
    #expect(try mapping.counterValue(at: 0) == 200_000)
    let count = Int(try mapping.counterValue(at: 128))
    let values = try mapping.elements(of: Double.self, at: page, count: count)
    #expect(count == 1000 && values[999] == 249.75)
  }

  @Test("the contents of a region are read into the memory of an array")
  func reading() throws {
    let region = try Region.anonymous("t", size: page)
    var mapping = try Mapping(of: region)
    var numbers = try mapping.mutableElements(of: UInt64.self)
    for index in numbers.indices { numbers[index] = UInt64(index) }
    var read = [UInt64](repeating: .max, count: page / 8 + 1)
    var span = read.mutableSpan
    var bytes = unsafe span.mutableBytes
    #expect(try region.read(into: &bytes, at: 8) == page - 8)
    #expect(read[..<(page / 8 - 1)].elementsEqual((1..<UInt64(page / 8))))
    #expect(read.suffix(2) == [.max, .max])
    #expect(try region.bytes().count == page)
    #expect(try region.bytes(in: page - 3..<page + 5).count == 3)
  }

  @Test("a mapping moves to another task, and its pages with it")
  func movement() async throws {
    actor Reader {
      let mapping: Mapping
      init(_ mapping: consuming Mapping) { self.mapping = mapping }
      func sum() throws -> Double { try SpanTests.sum(of: mapping) }
    }
    let region = try Region.anonymous("t", size: page)
    var mapping = try Mapping(of: region)
    try mapping.wire()
    do {
      var values = try mapping.mutableElements(of: Double.self)
      for index in values.indices { values[index] = 0.5 }
    }
    let reader = Reader(mapping)
    #expect(try await Task.detached { try await reader.sum() }.value == Double(page / 8) / 2)
  }

  /// The sum of the numbers in a mapping, which an object may own.
  private static func sum(of mapping: borrowing Mapping) throws -> Double {
    let values = try mapping.elements(of: Double.self)
    var sum = 0.0
    for index in values.indices { sum += values[index] }
    return sum
  }

  @Test(
    "the owners of regions and mappings, and the results of inspection, may move to other tasks")
  func sendability() {
    #expect(isSendable(Region.self) && isSendable(Mapping.self))
    #expect(isSendable(WiringFailure.self) && isSendable(Mapping.PartialWiring.self))
    #expect(isSendable(HostWiring.self) && isSendable(ShmError.self))
  }
}
