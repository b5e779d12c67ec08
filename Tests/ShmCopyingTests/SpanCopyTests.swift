import Glibc
import ShmCore
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCopying

@Suite("copying into and out of spans")
struct SpanCopyTests {
  @Test("the bytes of a span are written into a region, and refused beyond its end")
  func writing() throws {
    let region = try Region.anonymous("t", size: page)
    let numbers: [UInt32] = [1, 2, 3]
    try unsafe region.write(numbers.span.bytes, at: page - 12)
    #expect(try region.bytes(in: page - 12..<page) == [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0])
    error(.inputOutput) { try unsafe region.write(numbers.span.bytes, at: page - 8) }
  }

  @Test("the memory of a process is copied into and out of spans")
  func processMemory() throws {
    let region = try Region.anonymous("t", size: page)
    let mapping = try Mapping(of: region)
    let memory = try ProcessMemory(of: getpid())
    let address = UInt64(mapping.address)
    let source: [UInt16] = [0x1234, 0x5678]
    try unsafe memory.write(source.span.bytes, at: address + 6)
    var copy = [UInt16](repeating: 0, count: 3)
    var span = copy.mutableSpan
    var bytes = unsafe span.mutableBytes
    try memory.read(at: address + 4, into: &bytes)
    #expect(copy == [0, 0x1234, 0x5678])
  }

  @Test("an error of a process copy is a complete sentence and an error of the library")
  func failure() throws {
    let memory = try ProcessMemory(of: getpid())
    do throws(ProcessMemoryFailure) {
      _ = try memory.bytes(at: 0, count: 8)
      Issue.record("address 0 was read")
    } catch {
      let converted = ShmError(error)
      #expect(converted.kind == .inputOutput)
      #expect(converted.attempt == "cannot copy the memory of process \(getpid())")
      #expect("\(error)" == converted.description)
    }
  }

  @Test(
    "a pattern fills a span as it fills a region",
    arguments: [FillPattern.sequence, .random(seed: 3)])
  func pattern(_ pattern: FillPattern) throws {
    let region = try Region.anonymous("t", size: page)
    try region.fill(pattern)
    var bytes = [UInt8](repeating: 0, count: 100)
    var span = bytes.mutableSpan
    var raw = unsafe span.mutableBytes
    pattern.generate(into: &raw, at: 33)
    #expect(try region.bytes(in: 33..<133) == bytes)
  }

  @Test(
    "a region is written to a file and created from it by their paths, also if the name is a hyphen"
  )
  func files() throws {
    let name = TestName()
    let directory = FilePath("/tmp/\(name)")
    try SystemCall.check { unsafe mkdir(directory.string, 0o700) }
    defer { _ = unsafe rmdir(directory.string) }
    let path = directory.appending("data")
    defer { _ = unsafe unlink(path.string) }
    let region = try Region.anonymous("t", size: page + 5)
    try region.fill(.random(seed: 9))
    try region.read(to: path, isSynchronized: false)
    let copy = try Region.create(name.reference, from: path)
    #expect(try copy.bytes() == region.bytes())
    try copy.unlink()
    error(.notFound) { _ = try Region.create(name.reference, from: "-") }
    #expect(!name.exists)
  }

  @Test("copies of memory and direct transfers may move to other tasks")
  func sendability() {
    func isSendable<Value: Sendable & ~Copyable>(_ type: Value.Type) -> Bool { true }
    #expect(isSendable(ProcessMemory.self) && isSendable(DirectIO.self))
  }
}
