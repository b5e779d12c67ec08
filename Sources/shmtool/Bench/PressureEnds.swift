import Glibc
import ShmCore
import SystemPackage

/// A process that writes to more memory than the group has left.
final class HogEnd: BenchEnd {
  let systemCalls = 0
  private let memory: OwnedPages

  init() throws(ShmError) {
    memory = try Allocation.pages(PressureBench.hogSize, BenchCall.attempt)
  }

  /// The bytes that are allocated at a time.
  private static let step = 1 << 20

  /// Writes to each page once. Each piece is freed before, because pages that return from swap count as active. With too
  /// many active pages the kernel ends a process of the group instead of swapping out.
  func send(_ message: UnsafeRawBufferPointer, count: Int) throws(ShmError) {
    let bytes = unsafe memory.buffer
    for _ in 0..<count {
      for start in stride(from: 0, to: bytes.count, by: Self.step) {
        let piece = unsafe UnsafeMutableRawBufferPointer(
          rebasing: bytes[start..<min(start + Self.step, bytes.count)])
        _ = try BenchCall.run { () throws(Errno) in
          try unsafe MemoryCalls.advise(piece, MADV_DONTNEED)
        }
        for offset in stride(from: 0, to: piece.count, by: PageMath.pageSize) {
          unsafe piece.storeBytes(of: UInt64(offset) | 1, toByteOffset: offset, as: UInt64.self)
        }
        Waiter.pause(.milliseconds(1))
      }
    }
  }

  func receive(into buffer: UnsafeMutableRawBufferPointer, count: Int) -> UInt64 { 0 }
}

/// A process that measures accesses to pages of a wired and of an unwired region.
final class ProbeEnd: BenchEnd {
  let systemCalls = 0
  private let results: Mapping
  private var regions: Regions?

  private struct Regions: ~Copyable {
    let wired: Mapping
    let unwired: Mapping

    init(size: Int) throws(ShmError) {
      var wired = try Mapping(of: try Region.anonymous("shmtool-bench-wired", size: size))
      try wired.populate()
      do throws(WiringFailure) {
        try wired.wire()
      } catch {
        throw error.error(BenchCall.attempt)
      }
      let unwired = try Mapping(of: try Region.anonymous("shmtool-bench-unwired", size: size))
      try unwired.populate()
      self.wired = wired
      self.unwired = unwired
    }

    /// The times of one load and store of each region.
    func access(_ page: Int) -> (wired: UInt64, unwired: UInt64) {
      (Self.access(page, of: wired), Self.access(page, of: unwired))
    }

    private static func access(_ page: Int, of mapping: borrowing Mapping) -> UInt64 {
      unsafe mapping.withUnsafeMutableBytes { memory in
        let offset = page * PageMath.pageSize
        let start = Clock.nanoseconds
        let value = unsafe memory.load(fromByteOffset: offset, as: UInt64.self) &+ 1
        unsafe memory.storeBytes(of: value, toByteOffset: offset, as: UInt64.self)
        return UInt64(max(0, Clock.nanoseconds - start))
      }
    }
  }

  /// - Parameter results: takes the times of both regions, in nanoseconds.
  init(_ results: consuming Mapping) { self.results = results }

  /// Measures.
  ///
  /// - Parameters:
  ///   - message: not used; the regions have their own size.
  ///   - count: the accesses to each region, each to another page.
  /// - Throws: `ShmError` if the regions cannot be created or wired.
  func send(_ message: UnsafeRawBufferPointer, count: Int) throws(ShmError) {
    try prepare()
    let pages = Array(0..<PressureBench.regionSize / PageMath.pageSize).shuffled().prefix(count)
    for (probe, page) in pages.enumerated() {
      let times = regions?.access(page) ?? (wired: 0, unwired: 0)
      unsafe results.withUnsafeMutableBytes { memory in
        let words = unsafe memory.bindMemory(to: UInt64.self)
        unsafe words[probe] = times.wired
        unsafe words[count + probe] = times.unwired
      }
    }
  }

  /// Marks the unwired region as not used.
  ///
  /// - Returns: its resident bytes.
  /// - Throws: `ShmError` if the regions cannot be created or wired.
  func receive(
    into buffer: UnsafeMutableRawBufferPointer, count: Int
  ) throws(ShmError) -> UInt64 {
    try prepare()
    // Before Linux 5.4 the kernel has no such advice.
    try? regions?.unwired.advise(.cold)
    return UInt64(try regions?.unwired.residentBytes() ?? 0)
  }

  /// Creates the regions, when this process is in the group.
  private func prepare() throws(ShmError) {
    if regions == nil { regions = try Regions(size: PressureBench.regionSize) }
  }
}
