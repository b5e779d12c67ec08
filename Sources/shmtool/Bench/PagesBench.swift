import CShm
import Glibc
import ShmCore
import SystemPackage

/// Ways to find out which pages of a region are resident. Every second piece of the region is a hole.
struct PagesBench {
  let plan: BenchPlan
  let progress: BenchProgress

  /// The bytes of a piece.
  private static let piece = 64 << 10

  static func steps(_ plan: BenchPlan) -> Int { plan.rounds + 1 }

  func run() throws(ShmError) -> BenchResult {
    let size = plan.memorySize
    let region = try Region.anonymous("shmtool-bench", size: size, reserve: false)
    let mapping = try Mapping(of: region)
    let vector = try Allocation.pages(size / PageMath.pageSize, BenchCall.attempt)
    for offset in stride(from: 0, to: size, by: 2 * Self.piece) {
      try mapping.populate(offset..<offset + Self.piece)
    }
    let expected = size / 2 / PageMath.pageSize
    var result = BenchResult()
    let found = try result.measureInTurn(
      BenchMethod.pageMethods, of: .pages, rounds: plan.rounds, progress
    ) { (method) throws(ShmError) in
      let start = Clock.nanoseconds
      var (scans, nanoseconds) = (0, 0)
      repeat {
        let count = try residentPages(method, region, mapping, vector)
        guard count == expected else {
          throw ShmError(
            .damaged, BenchCall.attempt,
            "\(method.rawValue) found \(count) resident pages instead of \(expected)")
        }
        scans += 1
        nanoseconds = Clock.nanoseconds - start
      } while nanoseconds < plan.sampleTime / 2
      return Double(scans * size / PageMath.pageSize) / (Double(max(1, nanoseconds)) / 1e9)
    }
    result.series = found.map { method, samples in
      BenchSeries(.pages, method, size: size, unit: .pagesPerSecond, samples: samples)
    }
    return result
  }

  /// The resident pages as a method finds them.
  private func residentPages(
    _ method: BenchMethod, _ region: borrowing Region, _ mapping: borrowing Mapping,
    _ vector: borrowing OwnedPages
  ) throws(ShmError) -> Int {
    let raw = region.rawDescriptor
    return try BenchCall.run { () throws(Errno) in
      switch method {
      case .mincore:
        let flags = unsafe vector.buffer.bindMemory(to: UInt8.self)
        try unsafe mapping.withUnsafeMutableBytes { (memory) throws(Errno) in
          try unsafe MemoryCalls.residency(of: memory, into: flags)
        }
        return unsafe flags.prefix(mapping.count / PageMath.pageSize)
          .reduce(0) { $0 + Int($1 & 1) }
      case .cachestat:
        var statistics = cshm_cachestat()
        try SystemCall.checkNegated {
          unsafe cshm_cachestat(raw, 0, UInt64(mapping.count), &statistics)
        }
        return Int(statistics.cached)
      case .pagemap: return try Self.pagemap(mapping)
      case .pagemapScan:
        let descriptor = try FileSystem.open("/proc/self/pagemap", O_RDONLY)
        let start = UInt64(mapping.address)
        return Int(
          try SystemCall.checkNegated {
            cshm_count_present_pages(descriptor.raw, start, start + UInt64(mapping.count))
          })
      default: return try Self.segments(raw)
      }
    }
  }

  /// The pages between each data and the next hole. lseek(2)
  private static func segments(_ raw: CInt) throws(Errno) -> Int {
    var (bytes, offset) = (0, 0)
    while let data = try OwnedDescriptor.seek(.data, in: raw, from: offset) {
      offset = try OwnedDescriptor.seek(.hole, in: raw, from: data) ?? data
      bytes += offset - data
    }
    return bytes / PageMath.pageSize
  }

  /// The pages that an entry of 8 bytes shows as present. proc_pid_pagemap(5)
  private static func pagemap(_ mapping: borrowing Mapping) throws(Errno) -> Int {
    let descriptor = try FileSystem.open("/proc/self/pagemap", O_RDONLY)
    var entries = [UInt64](repeating: 0, count: 8192)
    var (found, page) = (0, 0)
    let (first, pages) = (
      Int(mapping.address) / PageMath.pageSize, mapping.count / PageMath.pageSize
    )
    while page < pages {
      let count = min(entries.count, pages - page)
      let read = try unsafe entries.withUnsafeMutableBufferPointer { (buffer) throws(Errno) in
        try unsafe descriptor.read(
          into: UnsafeMutableRawBufferPointer(
            UnsafeMutableBufferPointer(rebasing: buffer[..<count])), at: 8 * (first + page))
      }
      guard read > 0 else { throw .ioError }
      for entry in entries[..<(read / 8)] where entry >> 63 == 1 { found += 1 }
      page += read / 8
    }
    return found
  }
}
