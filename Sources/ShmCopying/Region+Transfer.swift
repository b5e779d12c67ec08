import Glibc
public import ShmCore
public import SystemPackage

extension Region {
  /// The amount to read from a descriptor.
  public enum Amount: Sendable {
    /// Exactly as many bytes as the range holds.
    case all
    /// As many as come before the end of the input, and not more than the range holds.
    case upTo
  }

  /// Copies bytes from an open descriptor into the region. read(2), pread(2) into a mapping
  ///
  /// - Parameters:
  ///   - source: a descriptor that is open for reading. The call does not close it.
  ///   - sourceName: its name in messages; nil for its number.
  ///   - range: the destination in the region; nil for the whole region.
  ///   - amount: whether fewer bytes than the range are an error.
  ///   - mayExceedMemory: whether holes can take more than the memory of the machine or of a control group. The kernel
  ///     then ends the process, instead of an error here.
  ///   - progress: called with the bytes copied so far.
  /// - Returns: the bytes copied.
  /// - Throws: `ShmError`: `doesNotFit` if the input is longer than the range, or shorter and `amount` is `all`. If the size
  ///   of the input is known, this is checked before a byte changes. `inputOutput`, also for a regular file that
  ///   changed while it was read; `noSpace`. Bytes that were already copied remain.
  /// - Complexity: linear in the bytes.
  public func write(
    from source: FileDescriptor, named sourceName: String? = nil, range: Range<Int>? = nil,
    amount: Amount = .upTo, mayExceedMemory: Bool = false, progress: (Int) -> Void = { _ in }
  ) throws(ShmError) -> Int {
    let sourceName = sourceName ?? source.displayName
    let room = mayExceedMemory ? nil : RoomGuard(self, "cannot write \(quoted) from \(sourceName)")
    return try write(
      from: source.rawValue, named: sourceName, range: range, amount: amount,
      by: RegionWriter(self), guarded: room, progress: progress)
  }

  /// The same by a given writer.
  func write(
    from source: Int32, named sourceName: String, range: Range<Int>?, amount: Amount,
    by writer: consuming RegionWriter, since given: InputState? = nil, guarded: RoomGuard? = nil,
    progress: (Int) -> Void
  ) throws(ShmError) -> Int {
    let attempt = "cannot write \(quoted) from \(sourceName)"
    var writer = writer
    let range = try checked(range, attempt)
    let state: InputState?
    if let given { state = given } else { state = try InputSource.state(source, sourceName) }
    try Self.refuse(state?.remaining, amount, into: range.count, attempt)
    var room = guarded
    var input = SequentialInput(source, hasHoles: state != nil)
    // Holes of the input need no memory.
    var parts: [Range<Int>] = []
    if let known = state?.remaining {
      try input.forEachData(upTo: known) {
        parts.append(range.lowerBound + $0.lowerBound..<range.lowerBound + $0.upperBound)
      }
      try room?.require(parts)
      room = nil
    }
    var offset = range.lowerBound
    do throws(ShmError) {
      if let known = state?.remaining, !writer.isPublished {
        let whole = range.lowerBound..<range.lowerBound + known
        let count = try takeInParallel(
          parts, into: whole, from: source, attempt, progress: progress)
        try input.skip(count, attempt)
        offset += count
      }
      try take(
        from: &input, into: range, at: &offset, by: &writer, guarded: &room, attempt,
        progress: progress)
      let copied = offset - range.lowerBound
      try state?.check(read: copied, attempt)
      if amount == .all, copied < range.count {
        throw ShmError(
          .doesNotFit, attempt, "the input ended after \(copied) of \(range.count) bytes")
      }
      return copied
    } catch {
      // A region that is not yet visible is removed after an error.
      let written = offset - range.lowerBound + writer.unconfirmed
      guard writer.isPublished, written > 0 else { throw error }
      throw error.worded(reason: "\(error.reason); \(written) bytes were already written")
    }
  }

  /// Writes the input at `offset`, and advances `offset`.
  private func take(
    from input: inout SequentialInput, into range: Range<Int>, at offset: inout Int,
    by writer: inout RegionWriter, guarded room: inout RoomGuard?, _ attempt: String,
    progress: (Int) -> Void
  ) throws(ShmError) {
    let scratch = try ScratchFile()
    var zeros = RegionZeros()
    while true {
      progress(offset - range.lowerBound)
      // At the end, one more byte than fits is read, to detect an input that is too long.
      let left = range.upperBound - offset
      let hole = try input.skipHole(upTo: min(left, RegionZeros.step), attempt)
      if hole > 0 {
        // A region that is not yet visible is zero.
        if writer.isPublished {
          try zeros.clear(offset..<offset + hole, of: self, by: &writer)
        }
        offset += hole
        writer.confirm()
        continue
      }
      let count = try unsafe input.read(
        into: scratch.prefix(min(scratch.count, max(1, left))), attempt)
      if count == 0 { break }
      if left == 0 {
        throw ShmError(
          .doesNotFit, attempt,
          "the input is longer than the \(range.count) bytes of the range")
      }
      try room?.require(offset..<offset + count, isPiece: true)
      try writer.write(scratch, count: count, at: offset, of: self)
      offset += count
      writer.confirm()
    }
  }

  /// Refuses an input that is known not to fit.
  private static func refuse(
    _ known: Int?, _ amount: Amount, into room: Int, _ attempt: String
  ) throws(ShmError) {
    guard let known else { return }
    if known > room {
      throw ShmError(
        .doesNotFit, attempt,
        "the input has \(known) bytes, but the range has \(room) bytes; nothing was changed")
    }
    if amount == .all, known < room {
      throw ShmError(
        .doesNotFit, attempt,
        "the input has only \(known) bytes, but the range has \(room) bytes; nothing was changed")
    }
  }

  /// Copies bytes of the region to an open descriptor. pread(2), write(2)
  ///
  /// - Parameters:
  ///   - sink: a descriptor that is open for writing. The call does not close it.
  ///   - sinkName: its name in messages; nil for its number.
  ///   - range: the bytes to copy; nil for the whole region.
  ///   - progress: called with the bytes copied so far.
  /// - Throws: `ShmError`: `inputOutput` if the sink cannot be written or another process shrinks the region in the
  ///   meantime. The bytes copied before are a correct prefix.
  /// - Complexity: linear in the bytes.
  public func read(
    to sink: FileDescriptor, named sinkName: String? = nil, range: Range<Int>? = nil,
    progress: (Int) -> Void = { _ in }
  ) throws(ShmError) {
    let attempt = "cannot copy \(quoted) to \(sinkName ?? sink.displayName)"
    let scratch = try ScratchBuffer(attempt)
    let range = try checked(range, attempt)
    var offset = range.lowerBound
    // Of a sink in memory.
    var room = RoomGuard(sink.rawValue, attempt)
    try room.require(next: range.count)
    while offset < range.upperBound {
      progress(offset - range.lowerBound)
      try SignalMask.checkPending(attempt)
      let chunk = offset..<offset + min(scratch.count, range.upperBound - offset)
      try readWhole(scratch, chunk, attempt)
      try unsafe DescriptorIO.writeAll(
        sink.rawValue, UnsafeRawBufferPointer(scratch.prefix(chunk.count)), attempt)
      offset = chunk.upperBound
    }
    progress(range.count)
  }

  /// Compares the region with the contents of an open descriptor. read(2), pread(2)
  ///
  /// - Parameters:
  ///   - source: a descriptor that is open for reading. The call does not close it.
  ///   - sourceName: its name in messages; nil for its number.
  ///   - range: the bytes of the region; nil for all.
  ///   - isPrefix: whether the input may be longer than the range.
  ///   - progress: called with the bytes compared so far.
  /// - Returns: the difference; nil if they are equal and have the same length.
  /// - Throws: `ShmError`: `notPermitted` if the region or the descriptor is not open for reading, `inputOutput` for a read
  ///   error or a region that was made smaller, `interrupted`.
  /// - Complexity: linear in the bytes.
  public func verify(
    from source: FileDescriptor, named sourceName: String? = nil, range: Range<Int>? = nil,
    isPrefix: Bool = false, progress: (Int) -> Void = { _ in }
  ) throws(ShmError) -> Difference? {
    let sourceName = sourceName ?? source.displayName
    let attempt = "cannot verify \(quoted) against \(sourceName)"
    let range = try checked(range, attempt)
    let state = try InputSource.state(source.rawValue, sourceName)
    let known = state?.remaining
    let found = DifferenceSum()
    let actual = try ScratchBuffer(attempt)
    let expected = try ScratchBuffer(attempt)
    var offset = range.lowerBound
    while true {
      progress(offset - range.lowerBound)
      let count = try unsafe DescriptorIO.read(source.rawValue, into: expected.bytes, attempt)
      let shared = min(count, range.upperBound - offset)
      try readWhole(actual, offset..<offset + shared, attempt)
      unsafe found.compare(
        UnsafeRawBufferPointer(actual.prefix(shared)),
        UnsafeRawBufferPointer(expected.prefix(shared)), at: offset)
      offset += shared
      if isPrefix, offset == range.upperBound { break }
      if shared < count {
        // The input is longer than the range.
        let surplus = known.flatMap { $0 > range.count ? $0 - range.count : nil }
        return found.total(.longer(by: surplus), end: offset)
      }
      if count == 0 {
        // A difference is a valid result even if the file changes. Equality is valid only if the file did not change.
        if found.total == nil { try state?.check(read: offset - range.lowerBound, attempt) }
        break
      }
    }
    if offset < range.upperBound {
      return found.total(.shorter(by: range.upperBound - offset), end: offset)
    }
    return found.total
  }
}

extension FileDescriptor {
  /// Its name in messages.
  fileprivate var displayName: String { "descriptor \(rawValue)" }
}
