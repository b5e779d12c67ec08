public import ShmCore
import Synchronization

extension Region {
  /// Writes bytes that follow a rule, by `threads` threads.
  ///
  /// - Parameters:
  ///   - pattern: the rule.
  ///   - range: the bytes of the region; nil for all.
  ///   - threads: the number of threads; nil for the number of processors, up to 4.
  ///   - mayExceedMemory: whether holes can take more than the memory of the host or of a control group. The kernel
  ///     then kills the process, instead of an error here.
  ///   - progress: called with the number of bytes written so far, about ten times a second.
  /// - Throws: `ShmError`:
  ///   - `usage` for an empty range or a negative offset,
  ///   - `doesNotFit` if the region is empty,
  ///   - `inputOutput` for a range beyond the end, also if another process shrinks the region in the meantime,
  ///   - `noSpace` if no memory is available for a hole,
  ///   - `notPermitted` if the region is not open for writing, or is sealed.
  /// - Complexity: linear in the range.
  public func fill(
    _ pattern: FillPattern, range: Range<Int>? = nil, threads: Int? = nil,
    mayExceedMemory: Bool = false, progress: (Int) -> Void = { _ in }
  ) throws(ShmError) {
    let attempt = "cannot fill \(quoted)"
    let range = try checked(range, attempt)
    if !mayExceedMemory {
      var room = RoomGuard(self, attempt)
      try room.require(range)
    }
    var reached = range.lowerBound
    let isBegun = Atomic(false)
    do throws(ShmError) {
      try ParallelChunks.run(
        range, size: Self.fillStep, threads: threads ?? Self.threads(for: range),
        progress: progress, failedAt: { reached = $0 }
      ) { (chunks) throws(ShmError) in
        var writer = try RegionWriter(self)
        let bytes = chunks.prepare { () throws(ShmError) in
          try PatternBytes(pattern, rangeStart: range.lowerBound)
        }
        guard var made = bytes else { return }
        try chunks.forEach(attempt) { (chunk) throws(ShmError) in
          var start = chunk.lowerBound
          while start < chunk.upperBound {
            let part = start..<start + min(made.largest, chunk.upperBound - start)
            // Relaxed: it is read when the threads have been joined.
            isBegun.store(true, ordering: .relaxed)
            try made.write(part, by: &writer, of: self)
            start = part.upperBound
          }
        }
      }
    } catch {
      guard isBegun.load(ordering: .relaxed) else { throw error }
      let end = min(max(reached, range.lowerBound), range.upperBound)
      throw error.worded(
        reason: "\(error.reason); the range was filled up to byte \(end), and partly beyond it")
    }
  }

  /// Compares the region with bytes that follow a rule; it is only read.
  ///
  /// - Parameters:
  ///   - pattern: the rule.
  ///   - range: the bytes of the region; nil for all.
  ///   - threads: the number of threads; nil for the number of processors, up to 4.
  ///   - progress: called with the bytes done, about ten times a second.
  /// - Returns: the difference; nil if they are equal.
  /// - Throws: `ShmError`: `usage` for an empty range, `inputOutput` for a range beyond the end, also if another
  ///   process shrinks the region in the meantime.
  /// - Complexity: linear in the range.
  public func verify(
    _ pattern: FillPattern, range: Range<Int>? = nil, threads: Int? = nil,
    progress: (Int) -> Void = { _ in }
  ) throws(ShmError) -> Difference? {
    let attempt = "cannot verify \(quoted)"
    let range = try checked(range, attempt)
    let found = DifferenceSum()
    func compare(_ part: Range<Int>) throws(ShmError) {
      try addDifferences(
        part, from: pattern, rangeStart: range.lowerBound,
        threads: threads ?? Self.threads(for: part), to: found, attempt
      ) { progress(part.lowerBound - range.lowerBound + $0) }
    }
    guard pattern.uniformByte == 0 else {
      try compare(range)
      return found.total
    }
    // A hole is zero.
    var holes = HoleFinder(rawDescriptor)
    try holes.forEachData(in: range) { (part) throws(ShmError) in try compare(part) }
    progress(range.count)
    return found.total
  }

  /// What a thread needs for a comparison.
  private struct Comparison: ~Copyable {
    let actual: ScratchBuffer
    var expected: PatternBytes
  }

  /// Adds the differences between `part` and a pattern to `found`.
  private func addDifferences(
    _ part: Range<Int>, from pattern: FillPattern, rangeStart: Int, threads: Int,
    to found: DifferenceSum, _ attempt: String, progress: (Int) -> Void
  ) throws(ShmError) {
    try ParallelChunks.run(part, threads: threads, progress: progress) {
      (chunks) throws(ShmError) in
      let bytes = chunks.prepare { () throws(ShmError) in
        Comparison(
          actual: try ScratchBuffer(attempt),
          expected: try PatternBytes(pattern, rangeStart: rangeStart))
      }
      guard var bytes else { return }
      try chunks.forEach(attempt) { (chunk) throws(ShmError) in
        try readWhole(bytes.actual, chunk, attempt)
        unsafe found.compare(
          UnsafeRawBufferPointer(bytes.actual.prefix(chunk.count)), bytes.expected.bytes(at: chunk),
          at: chunk.lowerBound)
      }
    }
  }

  /// Reads all of `chunk`, or throws if the region was shrunk.
  func readWhole(
    _ scratch: borrowing ScratchBuffer, _ chunk: Range<Int>, _ attempt: String
  ) throws(ShmError) {
    let count = try unsafe read(into: scratch.prefix(chunk.count), at: chunk.lowerBound)
    if count < chunk.count {
      throw shrunk(attempt, to: chunk.lowerBound + count, wanted: chunk.upperBound)
    }
  }

  /// The range that is meant, within the region and not empty.
  func checked(_ range: Range<Int>?, _ attempt: String) throws(ShmError) -> Range<Int> {
    let status = try self.status()
    let range = range ?? 0..<status.size
    if range.isEmpty {
      throw status.size == 0
        ? ShmError(.doesNotFit, attempt, "it is empty")
        : ShmError(.usage, attempt, "the range is empty")
    }
    if range.lowerBound < 0 {
      throw ShmError(.usage, attempt, "the range begins at the negative offset \(range.lowerBound)")
    }
    if range.upperBound > status.size { throw status.endsBefore(range, attempt) }
    return range
  }

  /// The bytes that a thread takes at a time: the range of one page table.
  static var fillStep: Int { 2 << 20 }

  /// Threads pay from some megabytes on.
  static func threads(for range: Range<Int>) -> Int {
    range.count < 8 << 20 ? 1 : min(4, Threads.processors)
  }
}
