import Synchronization

extension Region {
  /// Writes bytes that follow a rule, by `threads` threads.
  ///
  /// - Parameters:
  ///   - pattern: the rule.
  ///   - range: which bytes of the region; nil for all.
  ///   - threads: how many work at once; nil for as many as there are processors, up to 4.
  ///     One byte over and over is written by one, for writes hold the file's lock.
  ///   - progress: called with the bytes done, about ten times a second.
  /// - Throws: `ShmError`: `usage` for an empty range, `inputOutput` for one past the end, also
  ///   where another process makes the region smaller meanwhile, `noSpace`, `notPermitted`.
  /// - Complexity: linear in the range.
  public func fill(
    _ pattern: FillPattern, range: Range<Int>? = nil, threads: Int? = nil,
    progress: (Int) -> Void = { _ in }
  ) throws(ShmError) {
    let attempt = "cannot fill \(quoted)"
    let range = try checked(range, attempt)
    let writer = try RegionWriter(self, range: range)
    if let byte = pattern.uniformByte, writer.isSerial {
      return try fill(byte, range, attempt, progress: progress)
    }
    // Writes wait for each other in the kernel: a thread that waits here has not looked at the size
    // yet, and does not bring back what somebody cuts off meanwhile.
    let turn = Mutex(())
    try ParallelChunks.run(
      range, threads: threads ?? Self.threads(for: range), progress: progress
    ) { (chunks) throws(ShmError) in
      var made = PatternBytes(pattern, rangeStart: range.lowerBound)
      try chunks.forEach(attempt) { (chunk) throws(ShmError) in
        let bytes = unsafe made.bytes(at: chunk)
        guard writer.isSerial else {
          return try unsafe writer.write(bytes, at: chunk.lowerBound, of: self)
        }
        try turn.withLock { (_) throws(ShmError) in
          try unsafe writer.write(bytes, at: chunk.lowerBound, of: self)
        }
      }
    }
  }

  /// The same byte everywhere: nothing has to be made, and writes wait for each other, so that one
  /// thread does it all.
  private func fill(
    _ byte: UInt8, _ range: Range<Int>, _ attempt: String, progress: (Int) -> Void
  ) throws(ShmError) {
    let bytes = RepeatedByte(byte)
    var offset = range.lowerBound
    while offset < range.upperBound {
      progress(offset - range.lowerBound)
      try SignalMask.checkPending(attempt)
      let count = min(RepeatedByte.largest, range.upperBound - offset)
      try write(bytes, count: count, at: offset)
      offset += count
    }
    progress(range.count)
  }

  /// Compares the region with bytes that follow a rule; it is only read.
  ///
  /// - Parameters:
  ///   - pattern: the rule.
  ///   - range: which bytes of the region; nil for all.
  ///   - threads: how many work at once; nil for as many as there are processors, up to 4.
  ///   - progress: called with the bytes done, about ten times a second.
  /// - Returns: where they differ, or nil where they are equal.
  /// - Throws: `ShmError`: `usage` for an empty range, `inputOutput` for one past the end, also
  ///   where another process makes the region smaller meanwhile.
  /// - Complexity: linear in the range.
  public func verify(
    _ pattern: FillPattern, range: Range<Int>? = nil, threads: Int? = nil,
    progress: (Int) -> Void = { _ in }
  ) throws(ShmError) -> Difference? {
    let attempt = "cannot verify \(quoted)"
    let range = try checked(range, attempt)
    let found = DifferenceSum()
    try ParallelChunks.run(
      range, threads: threads ?? Self.threads(for: range), progress: progress
    ) { (chunks) throws(ShmError) in
      let actual = ScratchBuffer()
      var expected = PatternBytes(pattern, rangeStart: range.lowerBound)
      try chunks.forEach(attempt) { (chunk) throws(ShmError) in
        try readWhole(actual, chunk, attempt)
        unsafe found.compare(
          UnsafeRawBufferPointer(actual.prefix(chunk.count)), expected.bytes(at: chunk),
          at: chunk.lowerBound)
      }
    }
    return found.total
  }

  /// Reads all of `chunk`, or says that the region has become smaller.
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
      throw ShmError(.usage, attempt, status.size == 0 ? "it is empty" : "the range is empty")
    }
    if range.lowerBound < 0 {
      throw ShmError(.usage, attempt, "the range begins at \(range.lowerBound)")
    }
    if range.upperBound > status.size { throw status.endsBefore(range, attempt) }
    return range
  }

  /// Threads pay from some megabytes on.
  private static func threads(for range: Range<Int>) -> Int {
    range.count < 8 << 20 ? 1 : min(4, Threads.processors)
  }
}
