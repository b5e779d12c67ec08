public import ShmCore

/// A copy of bytes between two ends: regions, processes' memory, files, devices, standard streams.
///
/// Bytes for a region are copied once, directly into its pages. Other copies go through a buffer of this process.
///
/// ```swift
/// var copy = try BlockCopy(
///   from: .process(1234, address: 0x7f00_0000_0000),
///   to: .region(try RegionReference("cache"), offset: 0), length: 1 << 20)
/// try copy.run()
/// let difference = try copy.verify()      // nil: equal
/// ```
public struct BlockCopy {
  /// The source of the bytes.
  public let from: CopyEnd
  /// The destination of the bytes.
  public let to: CopyEnd
  /// The number of bytes to copy; nil to copy a stream to its end.
  public let length: Int?
  /// How many bytes have been copied: after a failure as well, and then exactly these.
  public private(set) var copied = 0

  /// The method of direct I/O; nil before the copy, and if direct I/O was not requested.
  public private(set) var method: DirectIO.Method?

  /// Whether the bytes are on the device of a file, so that they outlast a crash of the machine; nil if
  /// there is no device. False before `run`.
  public var isSynchronized: Bool? { sink.isSynchronized }

  private let source: any OpenEnd
  private let sink: any OpenEnd
  /// The room of the sink; used if the size of the source is unknown.
  private let limit: Int
  private let attempt: String
  private let direct: DirectCopy?
  /// Whether all of the source is copied, and nothing of it is written by the copy itself.
  private let isOfWholeSource: Bool
  /// Whether the limits on memory are left to the kernel.
  private let mayExceedMemory: Bool

  /// Opens both ends and checks whether the bytes fit. No byte is copied yet.
  ///
  /// - Parameters:
  ///   - from: the source.
  ///   - to: the destination.
  ///   - length: the number of bytes; nil for the size of the source or, if the source is a process, for the room in
  ///     the region.
  ///   - isDirect: whether to use direct I/O, between a region and a file or a device.
  ///   - isSynchronized: whether `run` waits until a file or a device has stored the bytes.
  ///   - mayExceedMemory: whether a region or a file in memory can take more than the memory of the machine or of a
  ///     control group. The kernel then ends the process, instead of an error.
  /// - Throws: `ShmError`:
  ///   - `doesNotFit` if the ends overlap or if either end is too small,
  ///   - `usage` if neither end determines the number of bytes,
  ///   - `notFound` if an end does not exist, `notPermitted` if this process may not open it,
  ///   - `notSharedMemory` if the file of a region is not shared memory,
  ///   - `system` if the file system refuses O_DIRECT.
  public init(
    from: CopyEnd, to: CopyEnd, length: Int? = nil, isDirect: Bool = false,
    isSynchronized: Bool = true, mayExceedMemory: Bool = false
  ) throws(ShmError) {
    let attempt = "cannot copy \(from.quoted) to \(to.quoted)"
    self.from = from
    self.to = to
    self.attempt = attempt
    self.mayExceedMemory = mayExceedMemory
    // Before it is opened, which may wait for a FIFO's other end.
    if isDirect {
      for case .file(let path, _) in [from, to] where FileSystem.isFIFO(path) {
        throw ShmError(
          .incompatible, attempt,
          "\(Escaping.quoted(path.bytes)) is a FIFO, not a regular file or a block device")
      }
    }
    source = try from.openForReading(attempt, isDirect: isDirect)
    let available = source.room
    if let length, let available, length > available {
      throw ShmError(
        .doesNotFit, attempt,
        "\(from.quoted) has \(available) bytes, but \(length) bytes were requested")
    }
    let isProcess = if case .process = from { true } else { false }
    // Known before the sink is opened, which may make a file.
    if isProcess, length == nil {
      guard case .region = to else {
        throw ShmError(
          .usage, attempt, "neither end determines the number of bytes", remedy: .giveLength)
      }
    }
    sink = try to.openForWriting(attempt, isSynchronized: isSynchronized)
    let wanted = length ?? available ?? (isProcess ? sink.room : nil)
    if let wanted, let space = sink.room, wanted > space {
      throw ShmError(
        .doesNotFit, attempt,
        "\(to.quoted) has room for \(space) bytes, but \(wanted) bytes were requested")
    }
    self.length = wanted
    limit = wanted ?? sink.room ?? .max
    let (taken, given) = (sink.extents(limit), source.extents(limit))
    isOfWholeSource =
      length == nil && !given.contains { one in taken.contains { $0.whole == one.whole } }
    do throws(ShmError) {
      if given.contains(where: { one in taken.contains { one.overlaps($0) } }) {
        throw ShmError(.doesNotFit, attempt, "the two ranges overlap")
      }
      direct = isDirect ? try DirectCopy(from, source, to, sink, attempt) : nil
    } catch {
      // Removes a file that was just created.
      try? sink.finish(0, isWhole: false, attempt)
      throw error
    }
  }

  /// Copies the bytes in order, from the first to the last. With direct I/O several requests run at the same time.
  ///
  /// A hole of a source file or region stays a hole in a file or region. Over data it is written as zeros. Direct I/O
  /// always writes zeros.
  ///
  /// - Parameter progress: called with the bytes copied so far.
  /// - Throws: `ShmError` of the end that failed; `copied` is the number of copied bytes. Later bytes are unchanged,
  ///   except by requests that ran in parallel.
  /// - Complexity: linear in the bytes.
  public mutating func run(progress: (Int) -> Void = { _ in }) throws(ShmError) {
    do {
      if let length, !mayExceedMemory { try requireRoom(length) }
      if let direct, let length {
        method = try direct.run(length, copied: &copied, progress: progress)
      } else {
        try copyAll(progress)
      }
      if isOfWholeSource { try source.checkUnchanged(copied, attempt) }
    } catch {
      // Bytes that were stored beyond the new end of a region are lost.
      if let region = sink as? RegionEnd { copied = region.remaining(of: copied) }
      try? sink.finish(copied, isWhole: false, attempt)
      let extent = length.map { " of \($0)" } ?? ""
      throw error.worded(reason: "\(error.reason); \(copied)\(extent) bytes were copied")
    }
    try sink.finish(copied, isWhole: true, attempt)
  }

  /// Throws if the sink has no room for the data of the source. Holes of the source need no room.
  private func requireRoom(_ length: Int) throws(ShmError) {
    guard sink.keepsHoles else { return try sink.requireRoom([0..<length], attempt) }
    var parts: [Range<Int>] = []
    try source.forEachData(in: 0..<length) { parts.append($0) }
    try sink.requireRoom(parts, attempt)
  }

  private mutating func copyAll(_ progress: (Int) -> Void) throws(ShmError) {
    let scratch = try ScratchBuffer(attempt)
    while copied < limit {
      progress(copied)
      try SignalMask.checkPending(attempt)
      let hole = source.hole(at: copied, min(limit - copied, RegionZeros.step))
      if hole > 0, sink.keepsHoles, try sink.clear(hole, at: copied, attempt) {
        copied += hole
        continue
      }
      let count = min(Self.step, hole > 0 ? hole : source.data(at: copied, limit - copied))
      let before = copied
      if let region = sink as? RegionEnd, !(source is StreamEnd),
        region.canBeMapped(count, at: copied)
      {
        _ = try region.take(count, from: source, at: copied, attempt) { copied += $0 }
      } else {
        try pass(through: scratch, min(count, scratch.count))
      }
      if copied == before { break }
    }
    progress(copied)
    try checkEnd()
  }

  /// One read, and as many writes as it takes.
  private mutating func pass(
    through scratch: borrowing ScratchBuffer, _ count: Int
  ) throws(ShmError) {
    do throws(EndFailure) {
      let count = try unsafe source.read(into: scratch.prefix(count), at: copied, attempt)
      if length == nil, !mayExceedMemory {
        do {
          try sink.requireRoom([copied..<copied + count], attempt)
        } catch {
          throw EndFailure.own(error)
        }
      }
      var done = 0
      while done < count {
        let rest = unsafe UnsafeRawBufferPointer(
          rebasing: scratch.prefix(count)[done...])
        let written = try unsafe sink.write(rest, at: copied, attempt)
        done += written
        copied += written
      }
    } catch {
      switch error {
      case .own(let error): throw error
      case .buffer: throw EndFailure.noBuffer(attempt)
      }
    }
  }

  /// Throws if the source ended too early or has more bytes than the region.
  private func checkEnd() throws(ShmError) {
    if let length, copied < length {
      throw ShmError(.inputOutput, attempt, "\(from.quoted) ended too early")
    }
    guard length == nil, copied == limit, limit < .max else { return }
    var byte: UInt8 = 0
    let more: Int
    do throws(EndFailure) {
      more = try unsafe withUnsafeMutableBytes(of: &byte) { (buffer) throws(EndFailure) in
        try unsafe source.read(into: buffer, at: copied, attempt)
      }
    } catch {
      more = 0
    }
    if more > 0 {
      throw ShmError(
        .doesNotFit, attempt,
        "\(to.quoted) has room for \(limit) bytes, but \(from.quoted) is longer")
    }
  }

  /// The bytes that are copied between two checks of signals and progress: the range of one page table.
  private static var step: Int { 2 << 20 }
}

extension BlockCopy {
  /// Throws if an end can be read or written only once, in order: a standard stream, a FIFO, a terminal. Checked before
  /// the copy.
  ///
  /// - Throws: `ShmError` of kind `incompatible`.
  package func checkVerifiable() throws(ShmError) {
    for (end, name) in [(source, from), (sink, to)] where end is StreamEnd {
      throw ShmError(
        .incompatible, "cannot verify \(to.quoted) against \(from.quoted)",
        "\(name.quoted) can be read only once")
    }
  }

  /// Reads both ends again and compares the copied bytes. A later change by another process is also reported as a
  /// difference.
  ///
  /// - Parameter progress: called with the bytes compared so far.
  /// - Returns: the difference, with offsets in the copy; nil if they are equal.
  /// - Throws: `ShmError`: `incompatible` if an end can be read only once, and the errors of opening and reading.
  /// - Complexity: linear in the bytes.
  public func verify(progress: (Int) -> Void = { _ in }) throws(ShmError) -> Difference? {
    let attempt = "cannot verify \(to.quoted) against \(from.quoted)"
    try checkVerifiable()
    let left = try from.openForReading(attempt)
    let right = try to.openForReading(attempt)
    let expected = try ScratchBuffer(attempt)
    let actual = try ScratchBuffer(attempt)
    let found = DifferenceSum()
    var done = 0
    while done < copied {
      progress(done)
      try SignalMask.checkPending(attempt)
      // A part that is a hole at both ends is equal.
      done += min(left.hole(at: done, copied - done), right.hole(at: done, copied - done))
      let count = min(expected.count, copied - done)
      try unsafe Self.readWhole(left, into: expected.prefix(count), at: done, from, attempt)
      try unsafe Self.readWhole(right, into: actual.prefix(count), at: done, to, attempt)
      // Both are now in memory of this process, so no other process changes them during the comparison.
      unsafe found.compare(
        UnsafeRawBufferPointer(actual.prefix(count)),
        UnsafeRawBufferPointer(expected.prefix(count)), at: done)
      done += count
    }
    progress(done)
    return found.total
  }

  private static func readWhole(
    _ end: any OpenEnd, into buffer: UnsafeMutableRawBufferPointer, at place: Int, _ name: CopyEnd,
    _ attempt: String
  ) throws(ShmError) {
    var done = 0
    while done < buffer.count {
      do throws(EndFailure) {
        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
        let count = try unsafe end.read(into: rest, at: place + done, attempt)
        if count == 0 {
          throw EndFailure.own(
            ShmError(.inputOutput, attempt, "\(name.quoted) ends at byte \(place + done)"))
        }
        done += count
      } catch {
        guard case .own(let error) = error else {
          throw EndFailure.noBuffer(attempt)
        }
        throw error
      }
    }
  }
}
