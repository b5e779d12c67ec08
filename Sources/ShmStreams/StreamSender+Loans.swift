public import ShmCore

/// Writing in place, in the ring: no copy, and no system call unless the ring is full.
///
/// An invalid argument is an error of kind `usage`, and leaves the stream open. If a closure throws, nothing is
/// published and the stream stays open.
extension StreamSender {
  /// The maximum bytes of one loan: the capacity of the ring.
  public var largestLoan: Int { ring.memory.geometry.capacity }

  /// The maximum bytes of one record: the capacity of the ring without the header of the record.
  public var largestRecord: Int { largestLoan - RecordLayout.header }

  /// Waits for free space in the ring, and returns it as a span to write into. ``publish(byteCount:)`` publishes the
  /// written bytes.
  ///
  /// ```swift
  /// var sender = try StreamSender.meet(at: Rendezvous("samples"))
  /// for number in 0..<1000 {
  ///   var room = try sender.room(atLeast: 8)
  ///   room.storeBytes(of: number, as: Int.self)
  ///   try sender.publish(byteCount: 8)
  /// }
  /// _ = try sender.finish()
  /// ```
  ///
  /// - Parameter count: the minimum number of bytes, 1 to ``largestLoan``.
  /// - Returns: the room in one piece, valid until the next call of the sender.
  /// - Throws: `ShmError`: `usage` if `count` is out of range or the stream has ended, and the errors of
  ///   ``send(from:named:progress:)``.
  @_lifetime(&self)
  public mutating func room(atLeast count: Int = 1) throws(ShmError) -> MutableRawSpan {
    let room = try unsafe beginLoan(count)
    // The room is valid until the next mutation of the sender.
    return unsafe _overrideLifetime(MutableRawSpan(_unsafeBytes: room), mutating: &self)
  }

  /// Publishes bytes that were written from the beginning of ``room(atLeast:)`` on.
  ///
  /// - Parameter byteCount: the number of bytes.
  /// - Throws: `ShmError` of kind `usage` if they exceed the room that was returned.
  public mutating func publish(byteCount: Int) throws(ShmError) {
    try endLoan(byteCount, of: ring.knownRoom)
  }

  /// Lends room in the ring to a closure, and publishes the bytes that the closure has written.
  ///
  /// - Parameters:
  ///   - count: the minimum number of bytes, 1 to ``largestLoan``.
  ///   - body: gets all free room in one piece, and sets its second argument, initially 0, to the number of bytes
  ///     that it has written from the beginning on. The pointer is valid during the call.
  /// - Returns: the result of `body`.
  /// - Throws: `ShmError`: `usage` if `count` or the number of written bytes is out of range or the stream has ended,
  ///   the errors of ``send(from:named:progress:)``, and those of `body`.
  @inlinable
  public mutating func lend<Result: ~Copyable>(
    atLeast count: Int = 1,
    _ body: (UnsafeMutableRawBufferPointer, inout Int) throws(ShmError) -> Result
  ) throws(ShmError) -> Result {
    let room = try unsafe beginLoan(count)
    var written = 0
    let result = try unsafe body(room, &written)
    try endLoan(written, of: room.count)
    return result
  }

  /// Lends room to a closure that can throw errors other than `ShmError`.
  ///
  /// - Parameters:
  ///   - count: the minimum number of bytes, 1 to ``largestLoan``.
  ///   - body: as for the closure that throws `ShmError`.
  /// - Returns: the result of `body`.
  /// - Throws: the error of `body`, or a `ShmError`.
  @inlinable
  public mutating func lend<Result: ~Copyable, Failure: Error>(
    atLeast count: Int = 1,
    _ body: (UnsafeMutableRawBufferPointer, inout Int) throws(Failure) -> Result
  ) throws -> Result {
    let room = try unsafe beginLoan(count)
    var written = 0
    let result = try unsafe body(room, &written)
    try endLoan(written, of: room.count)
    return result
  }

  /// Waits for room.
  @usableFromInline
  mutating func beginLoan(_ count: Int) throws(ShmError) -> UnsafeMutableRawBufferPointer {
    // No room is known after the end of the stream, so this is also the check for it.
    let room = count > 0 && ring.knownRoom >= count ? ring.knownRoom : try makeRoom(count)
    return unsafe ring.writableBytes(room)
  }

  /// Publishes the bytes that were written into a loan.
  @usableFromInline
  mutating func endLoan(_ written: Int, of room: Int) throws(ShmError) {
    guard (0...room).contains(written) else {
      try checkOpen()
      throw failure.misuse("\(written) bytes were published from a loan of \(room) bytes")
    }
    if written > 0 { publish(written) }
  }

  /// Checks the number of bytes, and waits until that many bytes of the ring are free.
  mutating func makeRoom(_ count: Int, until limit: Deadline? = nil) throws(ShmError) -> Int {
    try checkOpen()
    guard (1...largestLoan).contains(count) else {
      throw failure.misuse("a loan must be 1 to \(largestLoan) bytes, but \(count) were requested")
    }
    return try free(count, until: limit)
  }

  /// Waits until that many bytes of the ring are free.
  ///
  /// - Parameters:
  ///   - count: the number of bytes.
  ///   - limit: when to stop waiting; nil for the stall timeout, which aborts the stream.
  /// - Returns: the free bytes; fewer than `count` only after `limit`.
  /// - Throws: `ShmError`. The stream is aborted then.
  mutating func free(_ count: Int, until limit: Deadline? = nil) throws(ShmError) -> Int {
    do throws(ShmError) {
      let room = try ring.room()
      return room >= count ? room : try waitForRoom(count, until: limit)
    } catch {
      throw aborting(because: error)
    }
  }
}
