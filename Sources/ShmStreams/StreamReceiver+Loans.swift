public import ShmCore

extension StreamReceiver {
  /// Lends what has come, to be read in place: no copy, and no system call unless there is nothing.
  ///
  /// The bytes stay what they are while `body` runs, as far as the sender keeps to the protocol: read
  /// a number that matters once.
  ///
  /// - Parameters:
  ///   - count: how many bytes are needed at least, 1 to the capacity of the ring; they are waited for,
  ///     and before the end there may be fewer.
  ///   - body: gets what there is, in one piece; returns how many bytes it has done with, from the first
  ///     on. The pointer is valid for the call.
  /// - Returns: false at the end of the stream, where `body` is not called.
  /// - Throws: `ShmError`: `usage` for more than there can be, and as `receive`. The stream is aborted
  ///   then.
  public mutating func borrow(
    _ count: Int = 1, _ body: (UnsafeRawBufferPointer) throws(ShmError) -> Int
  ) throws(ShmError) -> Bool {
    do throws(ShmError) {
      let capacity = ring.memory.geometry.capacity
      guard (1...capacity).contains(count) else {
        throw ShmError(
          .usage, failure.attempt, "\(count) bytes cannot be lent by a ring of \(capacity)")
      }
      guard let there = try waitForBytes(count) else { return false }
      let done = try unsafe body(ring.bytes(there))
      guard (0...there).contains(done) else {
        throw ShmError(
          .usage, failure.attempt, "\(done) bytes cannot have been done of a loan of \(there)")
      }
      if done > 0 { release(done) }
      return true
    } catch {
      abort(error)
      throw error
    }
  }

  /// Takes one record out of a stream of records, read in place.
  ///
  /// - Parameter body: gets its bytes. The pointer is valid for the call.
  /// - Returns: false at the end of the stream, where `body` is not called.
  /// - Throws: as `borrow`, `damaged` where what comes is no record, and what `body` throws.
  public mutating func receiveRecord(
    _ body: (UnsafeRawBufferPointer) throws(ShmError) -> Void
  ) throws(ShmError) -> Bool {
    let capacity = ring.memory.geometry.capacity
    let failure = self.failure
    var size = 0
    var length = 0
    // The length is loaded once: what the sender makes of it afterwards does not matter.
    let isThere = try unsafe borrow(StreamRecord.header) { (bytes) throws(ShmError) in
      guard bytes.count >= StreamRecord.header else {
        throw failure.broken("the sender", "has ended within a record")
      }
      let count = unsafe UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
      guard let known = Int(exactly: count), let whole = StreamRecord.size(known), whole <= capacity
      else { throw failure.broken("the sender", "has sent a record that no ring holds") }
      (size, length) = (whole, known)
      return 0
    }
    guard isThere else { return false }
    return try unsafe borrow(size) { (bytes) throws(ShmError) in
      guard bytes.count >= size else {
        throw failure.broken("the sender", "has ended within a record")
      }
      let end = StreamRecord.header + length
      try unsafe body(UnsafeRawBufferPointer(rebasing: bytes[StreamRecord.header..<end]))
      return size
    }
  }
}
