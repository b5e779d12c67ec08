import Glibc
import ShmCore
import SystemPackage

/// Which pages of a part of a file are in RAM, by mincore(2): one byte a page.
struct PageResidency {
  private let range: Range<Int>
  private let vector: [UInt64]
  private let pageSize = PageMath.pageSize

  /// Queries whole pages of a file with mincore(2).
  init(of file: borrowing OwnedDescriptor, _ range: Range<Int>) throws(Errno) {
    try self.init(of: Self.map(file, range), range, from: range.lowerBound)
  }

  /// Queries whole pages of a file through a mapping that `map` returned.
  ///
  /// - Parameters:
  ///   - pages: the mapping.
  ///   - range: the pages, as bytes of the file.
  ///   - start: the byte of the file at which the mapping starts.
  /// - Throws: `Errno` of mincore(2), or if there is no memory for the answer.
  init(of pages: borrowing OwnedPages, _ range: Range<Int>, from start: Int = 0) throws(Errno) {
    self.range = range
    let count = range.count / pageSize
    try Allocation.require(count + 8)
    var vector = [UInt64](repeating: 0, count: (count + 7) / 8)
    let mapped = range.lowerBound - start..<range.upperBound - start
    try unsafe vector.withUnsafeMutableBufferPointer { (words) throws(Errno) -> Void in
      let bytes = UnsafeMutableRawBufferPointer(words)
      try unsafe MemoryCalls.residency(
        of: UnsafeMutableRawBufferPointer(rebasing: pages.buffer[mapped]),
        into: bytes.bindMemory(to: UInt8.self))
    }
    self.vector = vector
  }

  /// Maps whole pages of a file as PROT_NONE, so no code can access them.
  static func map(
    _ file: borrowing OwnedDescriptor, _ range: Range<Int>
  ) throws(Errno) -> OwnedPages {
    let base = try unsafe MemoryCalls.map(
      at: nil, length: range.count, protection: PROT_NONE, flags: MAP_SHARED,
      descriptor: file.raw, offset: range.lowerBound)
    return unsafe OwnedPages(adopting: base, length: range.count)
  }

  /// An answer of the kernel: one byte a page, of which the lowest bit counts.
  init(_ range: Range<Int>, vector: [UInt64]) {
    self.range = range
    self.vector = vector
  }

  /// Calls `body` with each run of pages that are alike, in order, and whether they are in RAM.
  ///
  /// - Complexity: eight pages in each step if they are equal.
  func forEachRun(_ body: (Range<Int>, Bool) -> Void) {
    let count = range.count / pageSize
    // Of each byte the lowest bit is the answer; the others mean nothing yet. mincore(2)
    let lowest: UInt64 = 0x0101_0101_0101_0101
    func isResident(_ page: Int) -> Bool {
      UInt64(littleEndian: vector[page >> 3]) >> (UInt64(page & 7) * 8) & 1 != 0
    }
    var page = 0
    while page < count {
      let start = page
      let isIn = isResident(start)
      let alike = isIn ? lowest : 0
      page += 1
      while page < count {
        if page & 7 == 0, page + 8 <= count, vector[page >> 3] & lowest == alike {
          page += 8
        } else if isResident(page) == isIn {
          page += 1
        } else {
          break
        }
      }
      let first = range.lowerBound + start * pageSize
      body(first..<first + (page - start) * pageSize, isIn)
    }
  }
}
