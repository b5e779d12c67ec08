public import ShmCore

extension StreamReceiver {
  /// Lends the available bytes for reading in place. There is no copy, and no system call if bytes are available.
  ///
  /// The bytes do not change while `body` runs if the sender follows the protocol. Read a number only once if a
  /// decision depends on it.
  ///
  /// - Parameters:
  ///   - count: the minimum number of bytes to wait for, 1 to the capacity of the ring. Fewer bytes are available
  ///     only at the end of the stream.
  ///   - body: gets all available bytes in one piece, and returns the number of consumed bytes. The pointer is valid
  ///     during the call.
  /// - Returns: false at the end of the stream; `body` is not called then.
  /// - Throws: `ShmError`: `usage` if `count` exceeds the capacity, and the errors of `receive`. The stream is
  ///   aborted then.
  public mutating func borrow(
    _ count: Int = 1, _ body: (UnsafeRawBufferPointer) throws(ShmError) -> Int
  ) throws(ShmError) -> Bool {
    do throws(ShmError) {
      let capacity = ring.memory.geometry.capacity
      guard (1...capacity).contains(count) else {
        throw ShmError(
          .usage, failure.attempt, "a loan of \(count) bytes exceeds the ring of \(capacity) bytes")
      }
      guard let there = try waitForBytes(count) else { return false }
      let done = try unsafe body(ring.bytes(there))
      guard (0...there).contains(done) else {
        throw ShmError(
          .usage, failure.attempt, "\(done) bytes were released from a loan of \(there) bytes")
      }
      if done > 0 { release(done) }
      return true
    } catch {
      abort(error)
      throw error
    }
  }

  /// Reads one record of a stream of records in place.
  ///
  /// - Parameter body: gets the bytes of the record. The pointer is valid during the call.
  /// - Returns: false at the end of the stream; `body` is not called then.
  /// - Throws: the errors of `borrow`, `damaged` if the bytes are not a valid record, and the errors of `body`.
  public mutating func receiveRecord(
    _ body: (UnsafeRawBufferPointer) throws(ShmError) -> Void
  ) throws(ShmError) -> Bool {
    let capacity = ring.memory.geometry.capacity
    let failure = self.failure
    var size = 0
    var length = 0
    // The length is loaded only once, so that a later change by the sender has no effect.
    let isThere = try unsafe borrow(StreamRecord.header) { (bytes) throws(ShmError) in
      guard bytes.count >= StreamRecord.header else {
        throw failure.broken("the sender", "ended the stream within a record")
      }
      let count = unsafe UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
      guard let known = Int(exactly: count), let whole = StreamRecord.size(known), whole <= capacity
      else { throw failure.broken("the sender", "sent a record that is larger than the ring") }
      (size, length) = (whole, known)
      return 0
    }
    guard isThere else { return false }
    return try unsafe borrow(size) { (bytes) throws(ShmError) in
      guard bytes.count >= size else {
        throw failure.broken("the sender", "ended the stream within a record")
      }
      let end = StreamRecord.header + length
      try unsafe body(UnsafeRawBufferPointer(rebasing: bytes[StreamRecord.header..<end]))
      return size
    }
  }
}
