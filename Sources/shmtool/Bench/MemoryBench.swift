import CShm
import Glibc
import ShmCore
import SystemPackage

/// Ways to get shared memory ready, each with a fresh region: what they take, and what is resident afterwards.
struct MemoryBench {
  let plan: BenchPlan
  let progress: BenchProgress

  static func steps(_ plan: BenchPlan) -> Int { plan.rounds + 1 }

  /// A region that is made ready. Its pages are wired until it ends if the method wires them.
  private struct Subject: ~Copyable {
    let region: Region
    let mapping: Mapping

    init(_ method: BenchMethod, size: Int) throws(ShmError) {
      let region = try Region.anonymous(
        "shmtool-bench", size: size, pages: method == .hugePool ? .huge(nil) : .ordinary,
        reserve: false)
      let mapping = try Mapping(of: region)
      self.region = region
      self.mapping = mapping
    }

    /// Does the work that is measured.
    func prepare(_ method: BenchMethod, zeros: borrowing OwnedPages) throws(ShmError) {
      let raw = region.rawDescriptor
      switch method {
      case .fallocate: try Self.check { cshm_fallocate(raw, 0, 0, off_t(mapping.count)) }
      case .write:
        for offset in stride(from: 0, to: mapping.count, by: zeros.length) {
          _ = try BenchCall.run { () throws(Errno) in
            try SystemCall.check {
              unsafe pwrite(raw, zeros.buffer.baseAddress, zeros.length, off_t(offset))
            }
          }
        }
      case .hugeTransparent:
        try Self.check { cshm_fallocate(raw, 0, 0, off_t(mapping.count)) }
        guard try region.collapse() > 0 else {
          throw ShmError(
            .noSpace, BenchCall.attempt, "no memory for a transparent huge page is free")
        }
      case .mlock:
        try unsafe onMemory { (memory) throws(Errno) in try unsafe MemoryCalls.lock(memory) }
      case .mlockOnFault:
        try unsafe onMemory { (memory) throws(Errno) in
          try unsafe MemoryCalls.lockOnFault(memory)
          unsafe Self.touch(memory)
        }
      case .touch: try unsafe onMemory { (memory) throws(Errno) in unsafe Self.touch(memory) }
      default:
        try unsafe onMemory { (memory) throws(Errno) in
          try unsafe MemoryCalls.populate(
            memory, pageSize: mapping.pageSize, forStores: true, isShared: true)
        }
      }
    }

    private func onMemory(
      _ body: (UnsafeMutableRawBufferPointer) throws(Errno) -> Void
    ) throws(ShmError) {
      try BenchCall.run { () throws(Errno) in
        try unsafe mapping.withUnsafeMutableBytes(body)
      }
    }

    private static func touch(_ memory: UnsafeMutableRawBufferPointer) {
      for offset in stride(from: 0, to: memory.count, by: PageMath.pageSize) {
        unsafe memory.storeBytes(of: 1, toByteOffset: offset, as: UInt8.self)
      }
    }

    private static func check(_ call: () -> CInt) throws(ShmError) {
      _ = try BenchCall.run { () throws(Errno) in
        try SystemCall.checkNegated(call)
      }
    }
  }

  /// One measurement, and the bytes that are resident and allocated afterwards.
  private struct Sample {
    let rate: Double
    let resident: Int
    let allocated: Int
  }

  func run() throws(ShmError) -> BenchResult {
    // Without room an access to the memory would end this process.
    _ = try Region.anonymous("shmtool-bench", size: plan.memorySize)
    let zeros = try Allocation.pages(1 << 20, BenchCall.attempt)
    var result = BenchResult()
    var last: [BenchMethod: Sample] = [:]
    let found = try result.measureInTurn(
      BenchMethod.memories, of: .memory, rounds: plan.rounds, progress
    ) { (method) throws(ShmError) in
      let sample = try measure(method, zeros)
      last[method] = sample
      return sample.rate
    }
    result.series = found.map { method, samples in
      BenchSeries(
        .memory, method, size: plan.memorySize, unit: .bytesPerSecond, samples: samples,
        resident: last[method]?.resident, allocated: last[method]?.allocated)
    }
    return result
  }

  private func measure(
    _ method: BenchMethod, _ zeros: borrowing OwnedPages
  ) throws(ShmError) -> Sample {
    if method == .hugePool { try requirePool() }
    let subject = try Subject(method, size: plan.memorySize)
    let start = Clock.nanoseconds
    try subject.prepare(method, zeros: zeros)
    let nanoseconds = Clock.nanoseconds - start
    let rate = Double(plan.memorySize) / (Double(max(1, nanoseconds)) / 1e9)
    return Sample(
      rate: rate, resident: try subject.mapping.residentBytes(),
      allocated: try subject.region.status().allocated)
  }

  private func requirePool() throws(ShmError) {
    let free = HugePagePool.pool().map { $0.spare * $0.pageSize } ?? 0
    guard free >= plan.memorySize else {
      throw ShmError(
        .noSpace, BenchCall.attempt,
        "the pool of huge pages has \(ByteCount(free)) free, and \(ByteCount(plan.memorySize)) are needed"
      )
    }
  }
}
