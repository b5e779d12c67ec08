import Glibc
import ShmCore
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCopying

@Suite("Small types of block copying")
struct CopyingTypeTests {
  @Test(
    "a pattern writes the bytes of its rule, chunk by chunk",
    arguments: [
      FillPattern.zero, .byte(9), .pattern([1, 2, 3]), .sequence, .random(seed: 3),
    ])
  func pattern(_ rule: FillPattern) throws {
    var made = try PatternBytes(rule, rangeStart: 5)
    for chunk in [5..<21, 21..<4096, 4096..<8191] {
      var expected = [UInt8](repeating: 0, count: chunk.count)
      unsafe expected.withUnsafeMutableBytes {
        unsafe rule.generate(into: $0, at: chunk.lowerBound, rangeStart: 5)
      }
      #expect(unsafe Array(made.bytes(at: chunk)) == expected)
    }
  }

  @Test("an output file replaces the old one only when it is complete")
  func outputFile() throws {
    let name = TestName()
    var first = try OutputFile(FilePath(name.path))
    #expect(!name.exists)
    #expect(unsafe Glibc.write(first.rawDescriptor, "abc", 3) == 3)
    try first.publish()
    #expect(try FileSystem.contents(of: FilePath(name.path)) == bytes("abc"))
    do {
      let second = try OutputFile(FilePath(name.path))
      #expect(unsafe Glibc.write(second.rawDescriptor, "xyz", 3) == 3)
    }
    #expect(try FileSystem.contents(of: FilePath(name.path)) == bytes("abc"))
    let left = try FileSystem.names(in: "/dev/shm").filter { $0.string.hasPrefix(".\(name.name)") }
    #expect(left.isEmpty)
    error(.notFound) { _ = try OutputFile("/nonexistent/x") }
    error(.usage) { _ = try OutputFile("/") }
  }
}
