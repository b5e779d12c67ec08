import CShm
import Glibc
import ShmTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import ShmCore
@testable import ShmCopying

@Suite("Transfer through descriptors")
struct TransferTests {
  @Test("a file is copied in at an offset and copied out unchanged")
  func roundTrip() throws {
    let data = (0..<page + 1).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let file = try TemporaryFile(data)
    let source = try InputSource(FilePath(file.path))
    #expect(source.size == data.count)
    let region = try Region.anonymous("x", size: 3 * page)
    let range = page - 1..<3 * page
    #expect(
      try region.write(from: source.fileDescriptor, named: source.name, range: range) == data.count)
    #expect(try region.contents(page - 1..<2 * page) == data)
    #expect(try region.contents(0..<page - 1).allSatisfy { $0 == 0 })

    let target = try TemporaryFile()
    let sink = try FileSystem.open(FilePath(target.path), O_RDWR)
    try region.read(
      to: FileDescriptor(rawValue: sink.raw), named: "target", range: page - 1..<2 * page)
    #expect(try FileSystem.contents(of: FilePath(target.path)) == data)
    let again = try InputSource(FilePath(target.path))
    #expect(
      try region.verify(
        from: again.fileDescriptor, named: "target", range: page - 1..<2 * page) == nil)
  }

  @Test("an input of the wrong length is an error", arguments: [page - 1, page, page + 1])
  func lengths(_ length: Int) throws {
    let file = try TemporaryFile(Array(repeating: 6, count: length))
    let region = try Region.anonymous("x", size: page)
    func copy(_ amount: Region.Amount) throws -> Int {
      let source = try InputSource(FilePath(file.path))
      return try region.write(from: source.fileDescriptor, named: "file", amount: amount)
    }
    switch length {
    case page:
      #expect(try copy(.all) == page)
      #expect(try copy(.upTo) == page)
    case page - 1:
      error(.doesNotFit) { _ = try copy(.all) }
      #expect(try copy(.upTo) == page - 1)
    default:
      error(.doesNotFit) { _ = try copy(.all) }
      error(.doesNotFit) { _ = try copy(.upTo) }
    }
    #expect(try region.status().size == page)
  }

  @Test("verify finds differences from an input, and reports a missing end as a difference")
  func verify() throws {
    let region = try Region.anonymous("x", size: page)
    func compare(_ data: [UInt8], isPrefix: Bool = false) throws -> Difference? {
      let file = try TemporaryFile(data)
      let source = try InputSource(FilePath(file.path))
      return try region.verify(from: source.fileDescriptor, named: "file", isPrefix: isPrefix)
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

  @Test("a transfer waits for a non-blocking pipe")
  func nonBlocking() throws {
    var ends: [CInt] = [0, 0]
    try SystemCall.check { unsafe pipe(&ends) }
    try SystemCall.checkNegated { cshm_fcntl(ends[0], F_SETFL, O_NONBLOCK) }
    let reading = OwnedDescriptor(adopting: ends[0])
    let writing = OwnedDescriptor(adopting: ends[1])
    let raw = reading.raw
    let writer = try Child(
      ["/bin/sh", "-c", "sleep 0.1; printf abc >&3"], descriptors: [writing.raw])
    try writing.close()
    let region = try Region.anonymous("x", size: 8)
    #expect(try region.write(from: FileDescriptor(rawValue: raw), named: "pipe") == 3)
    #expect(try region.contents(0..<8) == bytes("abc") + [0, 0, 0, 0, 0])
    #expect(try writer.wait() == 0)
  }

  @Test("a full, closed or read-only output is an input/output error")
  func badSink() throws {
    let region = try Region.anonymous("x", size: page)
    let full = try FileSystem.open("/dev/full", O_WRONLY)
    let failure = error(.inputOutput) {
      try region.read(to: FileDescriptor(rawValue: full.raw), named: "full")
    }
    #expect(failure?.reason == "no space left for the output")
    let closed = error(.inputOutput) {
      try region.read(to: FileDescriptor(rawValue: 1 << 30), named: "none")
    }
    #expect(closed?.reason == "it is closed or not open for this operation")
  }

  @Test("inputs that cannot be read are reported")
  func sources() throws {
    error(.notFound) { _ = try InputSource("/none/here") }
    error(.incompatible) { _ = try InputSource("/proc") }
    #expect(try InputSource("/dev/null").size == nil)
    #expect(try InputSource("/proc/self/maps").size == nil)
  }

  @Test("a region is created from an input of known, unknown or given size")
  func createFrom() throws {
    let data = (0..<(1 << 20) + 77).map { UInt8(truncatingIfNeeded: $0 &* 13) }
    let file = try TemporaryFile(data)
    let known = TestName()
    let region = try Region.create(try known.reference, from: try InputSource(FilePath(file.path)))
    #expect(try region.status().size == data.count)
    #expect(try region.contents(0..<data.count) == data)

    let larger = TestName()
    let padded = try Region.create(
      try larger.reference, from: try InputSource(FilePath(file.path)), size: data.count + 5)
    #expect(try padded.contents(0..<data.count + 5) == data + [0, 0, 0, 0, 0])

    let smaller = TestName()
    let reference = try smaller.reference
    #expect(throws: ShmError.self) {
      _ = try Region.create(
        reference, from: try InputSource(FilePath(file.path)), size: data.count - 1)
    }
    #expect(!smaller.exists)
  }

  @Test("a region is created from a file of /proc, whose size is unknown")
  func createFromProc() throws {
    let name = TestName()
    let region = try Region.create(
      try name.reference, from: try InputSource("/proc/self/cmdline"))
    let contents = try FileSystem.contents(of: "/proc/self/cmdline")
    #expect(try region.contents(0..<contents.count + 1) == contents)
  }

  @Test("an empty input creates no region")
  func createFromNothing() throws {
    let (name, file) = (TestName(), try TemporaryFile())
    let reference = try name.reference
    for path in ["/dev/null", file.path] {
      error(.doesNotFit) { _ = try Region.create(reference, from: try InputSource(FilePath(path))) }
    }
    #expect(!name.exists)
  }
}
