import Glibc
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCopying
@testable import ShmCore

@Suite("Creation from a large file, by several threads")
struct ParallelCreationTests {
  /// A file of `size` bytes with data in some ranges and holes between them.
  private func file(
    _ size: Int, data: [Range<Int>], seed: UInt64
  ) throws -> (TemporaryFile, [UInt8]) {
    var generator = SeededGenerator(seed: seed)
    // A prime, so that no two chunks are alike.
    let block = (0..<65_521).map { _ in UInt8(truncatingIfNeeded: generator.next()) | 1 }
    var contents = [UInt8](repeating: 0, count: size)
    let file = try TemporaryFile()
    let descriptor = try FileSystem.open(FilePath(file.path), O_WRONLY)
    try descriptor.truncate(to: size)
    for range in data {
      try unsafe contents.withUnsafeMutableBytes { all in
        var place = range.lowerBound
        while place < range.upperBound {
          let count = min(block.count, range.upperBound - place)
          unsafe memcpy(all.baseAddress.unsafelyUnwrapped + place, block, count)
          place += count
        }
        let written = try unsafe descriptor.write(
          UnsafeRawBufferPointer(rebasing: all[range]), at: range.lowerBound)
        #expect(written == range.count)
      }
    }
    return (file, contents)
  }

  /// A file to create a region from.
  struct Source {
    let size: Int
    /// The ranges with data.
    let data: [Range<Int>]
  }

  private static let sources: [Source] = [
    Source(size: 20 << 20, data: [0..<20 << 20]),
    Source(size: 8_388_731, data: [0..<8_388_731]),
    // Holes at the start and at the end, across chunks, and within one.
    Source(
      size: 24 << 20,
      data: [3_145_733..<9_437_191, 10_485_760..<10_485_761, 17_825_792..<19_922_944]),
    Source(size: 16_777_215, data: [4096..<8192, 16384..<20480, 16_777_214..<16_777_215]),
    Source(size: 12 << 20, data: []),
  ]

  @Test("the region has the bytes and the holes of the file", arguments: sources.indices)
  func contents(_ index: Int) throws {
    let (size, data) = (Self.sources[index].size, Self.sources[index].data)
    let (file, contents) = try file(size, data: data, seed: UInt64(size))
    for reserve in [true, false] {
      let name = TestName()
      var options = Region.CreationOptions()
      options.reserve = reserve
      var last = -1
      let region = try Region.create(
        try name.reference, from: FilePath(file.path), options: options
      ) { done in
        #expect(done >= last && done <= size)
        last = done
      }
      let found = try region.contents(0..<size)
      #expect(unsafe memcmp(found, contents, size) == 0)
      #expect(last == size)
      let allocated = try region.status().allocated
      if reserve { #expect(allocated >= size) } else { #expect(allocated <= self.pages(data)) }
    }
  }

  /// The bytes of the pages that some ranges lie in, with room for a file system with larger blocks.
  private func pages(_ ranges: [Range<Int>]) -> Int {
    ranges.reduce(0) { sum, range in
      let (first, end) = (range.lowerBound >> 16, (range.upperBound + 65535) >> 16)
      return sum + (end - first) << 16
    }
  }

  @Test(
    "a file that becomes shorter meanwhile is an error, and no region is left",
    arguments: [0, 5 << 20])
  func shorter(_ rest: Int) throws {
    let size = 64 << 20
    let (file, _) = try file(size, data: [0..<size], seed: 3)
    let name = TestName()
    let reference = try name.reference
    let source = try InputSource(FilePath(file.path))
    #expect(unsafe truncate(file.path, rest) == 0)
    let failure = error(.inputOutput) { _ = try Region.create(reference, from: source) }
    #expect(failure?.reason.contains("while it was read") == true, "\(failure as Any)")
    #expect(!name.exists)
  }

  @Test("a closed file is an error")
  func closed() throws {
    let region = try Region.anonymous("x", size: 32 << 20)
    let whole = 0..<32 << 20
    let failure = error(.inputOutput) {
      _ = try region.takeInParallel(
        [whole], into: whole, from: 1 << 30, "cannot try", progress: { _ in })
    }
    #expect(failure?.attempt == "cannot try")
  }
}
