public import ShmCore

extension StreamSender {
  /// The most bytes that can be lent at once: the capacity of the ring.
  public var largestLoan: Int { ring.memory.geometry.capacity }

  /// Lends room in the ring for writing in place. There is no copy, and no system call unless the ring is full. The
  /// written bytes are published when this returns.
  ///
  /// - Parameters:
  ///   - count: how many bytes of room are needed at least, 1 to `largestLoan`; it is waited for.
  ///   - body: gets the room, which may be more, in one piece; returns how many bytes it has written,
  ///     from the first on. The pointer is valid for the call.
  /// - Throws: `ShmError`: `usage` for more than there is, and as `send`. The stream is aborted then.
  public mutating func lend(
    _ count: Int = 1, _ body: (UnsafeMutableRawBufferPointer) throws(ShmError) -> Int
  ) throws(ShmError) {
    do throws(ShmError) {
      guard (1...largestLoan).contains(count) else {
        throw ShmError(
          .usage, failure.attempt,
          "a loan of \(count) bytes exceeds the ring of \(largestLoan) bytes")
      }
      let known = try ring.room(atLeast: count)
      let room = known >= count ? known : try waitForRoom(count)
      let written = try unsafe body(ring.space(room))
      guard (0...room).contains(written) else {
        throw ShmError(
          .usage, failure.attempt, "\(written) bytes were published from a loan of \(room) bytes")
      }
      if written > 0 { publish(written) }
    } catch {
      abort(error)
      throw error
    }
  }

  /// Puts one record into the stream: its length, and its bytes written in place.
  ///
  /// A stream of records has nothing else in it; `StreamReceiver.receiveRecord` takes them out one by
  /// one. Each begins on a multiple of 8 bytes.
  ///
  /// - Parameters:
  ///   - count: the bytes of the record, 0 to `largestLoan` - 8.
  ///   - body: writes all of them. The pointer is valid during the call.
  /// - Throws: the errors of `lend` and of `body`.
  public mutating func sendRecord(
    _ count: Int, _ body: (UnsafeMutableRawBufferPointer) throws(ShmError) -> Void
  ) throws(ShmError) {
    guard let size = StreamRecord.size(count), size <= largestLoan else {
      let error = ShmError(
        .usage, failure.attempt,
        "a record of \(count) bytes exceeds the ring of \(largestLoan) bytes")
      abort(error)
      throw error
    }
    try unsafe lend(size) { (space) throws(ShmError) in
      unsafe space.storeBytes(of: UInt64(count).littleEndian, as: UInt64.self)
      let end = StreamRecord.header + count
      try unsafe body(UnsafeMutableRawBufferPointer(rebasing: space[StreamRecord.header..<end]))
      // Do not expose the previous contents of the ring.
      for index in end..<size { unsafe space[index] = 0 }
      return size
    }
  }
}
