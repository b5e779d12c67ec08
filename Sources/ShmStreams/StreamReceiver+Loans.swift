public import ShmCore

/// Reading in place, in the ring: no copy, and no system call if bytes are available.
///
/// An invalid argument is an error of kind `usage`, and leaves the stream open. If a closure throws, its bytes stay
/// unread and the stream stays open.
extension StreamReceiver {
  /// Waits for at least `least` bytes, and returns a loan of them. `StreamOptions.stallTimeout` limits the wait.
  ///
  /// ```swift
  /// var receiver = try StreamReceiver.meet(at: Rendezvous("frames"))
  /// var count = 0
  /// while let piece = try receiver.nextBytes(upTo: 64 << 10) { count += piece.bytes.byteCount }
  /// _ = try receiver.finish()
  /// print(count)
  /// ```
  ///
  /// - Parameters:
  ///   - most: the maximum number of bytes; nil for all available bytes.
  ///   - least: the minimum number of bytes to wait for, 1 to the capacity of the ring. Fewer bytes are returned only
  ///     at the end of the stream.
  /// - Returns: the bytes in one piece; nil at the end of the stream.
  /// - Throws: `ShmError`: `usage` if an argument is out of range or this end has finished, and the errors of
  ///   ``receive(to:named:progress:)``.
  @_lifetime(&self)
  public mutating func nextBytes(
    upTo most: Int? = nil, atLeast least: Int = 1
  ) throws(ShmError) -> StreamLoan? {
    guard least <= most ?? least else {
      throw failure.misuse("a loan of at least \(least) and at most \(most ?? least) bytes")
    }
    guard let bytes = try unsafe beginLoan(least) else { return nil }
    held = min(bytes.count, most ?? bytes.count)
    return unsafe loan(UnsafeRawBufferPointer(rebasing: bytes[..<held]))
  }

  /// Lends the available bytes to a closure, which may consume a part of them.
  ///
  /// The bytes do not change while `body` runs if the sender follows the protocol. Load a number only once if a
  /// decision depends on it.
  ///
  /// - Parameters:
  ///   - count: the minimum number of bytes to wait for, 1 to the capacity of the ring. Fewer bytes are available
  ///     only at the end of the stream.
  ///   - body: gets all available bytes in one piece, and sets its second argument, initially 0, to the number of
  ///     bytes that it has consumed. The pointer is valid during the call.
  /// - Returns: the result of `body`; nil at the end of the stream, without calling `body`.
  /// - Throws: `ShmError`: `usage` if `count` or the number of consumed bytes is out of range or this end has
  ///   finished, the errors of ``receive(to:named:progress:)``, and those of `body`.
  @inlinable
  public mutating func borrow<Result: ~Copyable>(
    atLeast count: Int = 1, _ body: (UnsafeRawBufferPointer, inout Int) throws(ShmError) -> Result
  ) throws(ShmError) -> Result? {
    guard let bytes = try unsafe beginLoan(count) else { return nil }
    var consumed = 0
    let result = try unsafe body(bytes, &consumed)
    try endLoan(consumed, of: bytes.count)
    return result
  }

  /// Lends the available bytes to a closure that can throw errors other than `ShmError`.
  ///
  /// - Parameters:
  ///   - count: the minimum number of bytes to wait for, 1 to the capacity of the ring.
  ///   - body: as for the closure that throws `ShmError`.
  /// - Returns: the result of `body`; nil at the end of the stream, without calling `body`.
  /// - Throws: the error of `body`, or a `ShmError`.
  @inlinable
  public mutating func borrow<Result: ~Copyable, Failure: Error>(
    atLeast count: Int = 1, _ body: (UnsafeRawBufferPointer, inout Int) throws(Failure) -> Result
  ) throws -> Result? {
    guard let bytes = try unsafe beginLoan(count) else { return nil }
    var consumed = 0
    let result = try unsafe body(bytes, &consumed)
    try endLoan(consumed, of: bytes.count)
    return result
  }

  /// Waits for bytes; nil at the end of the stream.
  @usableFromInline
  mutating func beginLoan(_ count: Int) throws(ShmError) -> UnsafeRawBufferPointer? {
    releaseHeld()
    if count > 0, isOpen {
      let there = try look(for: count)
      if there >= count { return unsafe ring.bytes(there) }
    }
    guard let there = try available(count) else { return nil }
    return unsafe ring.bytes(there)
  }

  /// Releases the consumed bytes of a loan.
  @usableFromInline
  mutating func endLoan(_ consumed: Int, of count: Int) throws(ShmError) {
    guard (0...count).contains(consumed) else {
      throw failure.misuse("\(consumed) bytes were released from a loan of \(count) bytes")
    }
    if consumed > 0 { release(consumed) }
  }

  /// Reads the sender's position once if too few bytes are known to be available.
  ///
  /// - Parameter count: the number of bytes.
  /// - Returns: the number of available bytes.
  /// - Throws: `ShmError` if the position is invalid. The stream is aborted then.
  @inline(__always)
  mutating func look(for count: Int) throws(ShmError) -> Int {
    do throws(ShmError) {
      return try ring.available(atLeast: count)
    } catch {
      throw aborting(because: error)
    }
  }

  /// Releases the bytes of the last loan.
  @inline(__always)
  mutating func releaseHeld() {
    if held > 0 {
      release(held)
      held = 0
    }
  }

  /// A loan that ends with the next mutation of this receiver.
  @_lifetime(&self)
  mutating func loan(_ bytes: UnsafeRawBufferPointer) -> StreamLoan {
    unsafe StreamLoan(bytes: _overrideLifetime(RawSpan(_unsafeBytes: bytes), mutating: &self))
  }

  /// Throws unless the stream is open and the ring can hold that many bytes.
  func checkLoan(_ count: Int) throws(ShmError) {
    try checkOpen()
    let capacity = ring.memory.geometry.capacity
    guard (1...capacity).contains(count) else {
      throw failure.misuse("a loan must be 1 to \(capacity) bytes, but \(count) were requested")
    }
  }

  /// Waits for bytes.
  ///
  /// - Parameters:
  ///   - count: the minimum number of bytes.
  ///   - limit: when to stop waiting; nil for the stall timeout, which aborts the stream.
  /// - Returns: the number of available bytes, fewer than `count` only before the end or after `limit`; nil at the end
  ///   of the stream.
  /// - Throws: `ShmError`, `usage` if `count` is out of range.
  mutating func available(
    _ count: Int, until limit: Deadline? = nil
  ) throws(ShmError) -> Int? {
    try checkLoan(count)
    do throws(ShmError) {
      return try waitForBytes(count, until: limit)
    } catch {
      throw aborting(because: error)
    }
  }
}
