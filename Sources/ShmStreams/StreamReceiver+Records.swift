public import ShmCore

/// Receives the records that a ``StreamSender`` sends. If a closure throws an error, its record stays unread.
extension StreamReceiver {
  /// Waits for the next record, and lends it.
  ///
  /// ```swift
  /// var receiver = try StreamReceiver.meet(at: Rendezvous("samples"))
  /// while let record = try receiver.next() { print(record.bytes.byteCount) }
  /// _ = try receiver.finish()
  /// ```
  ///
  /// - Returns: the record; nil at the end of the stream.
  /// - Throws: `ShmError`: `damaged` if the bytes are not a valid record, `usage` if this end has finished, and the
  ///   errors of ``receive(to:named:progress:)``.
  @_lifetime(&self)
  public mutating func next() throws(ShmError) -> StreamLoan? {
    guard let bytes = try unsafe beginRecord() else { return nil }
    // A valid record has a layout.
    held = RecordLayout(length: bytes.count)?.size ?? 0
    return unsafe loan(bytes)
  }

  /// Lends the next record if it is available, without waiting.
  ///
  /// - Returns: the record, or whether the stream has ended.
  /// - Throws: `ShmError` as ``next()``.
  @_lifetime(&self)
  public mutating func tryNext() throws(ShmError) -> StreamArrival {
    let (readiness, layout) = try waitForLayout(until: Deadline(after: .zero))
    guard let layout else { return readiness == .end ? .end : .nothing }
    held = layout.size
    return unsafe .record(
      loan(UnsafeRawBufferPointer(rebasing: ring.bytes(layout.size)[layout.bytes])))
  }

  /// Waits until a record is available, so that ``next()`` does not wait. The stream stays open after the time limit;
  /// ``StreamOptions/stallTimeout`` does not apply.
  ///
  /// - Parameter timeout: the longest wait; zero only checks.
  /// - Returns: whether a record is available, the time limit expired, or the stream has ended.
  /// - Throws: `ShmError` as ``next()``.
  public mutating func waitForRecord(timeout: Duration) throws(ShmError) -> StreamReadiness {
    try waitForLayout(until: Deadline(after: timeout)).readiness
  }

  /// Waits until a record is available, and loads its header once.
  ///
  /// - Parameter limit: when to stop waiting.
  /// - Returns: the result of the wait, and the layout of the record if it is available.
  /// - Throws: `ShmError` as ``next()``.
  private mutating func waitForLayout(
    until limit: Deadline
  ) throws(ShmError) -> (readiness: StreamReadiness, layout: RecordLayout?) {
    releaseHeld()
    if ring.known < RecordLayout.header { try checkOpen() }
    do throws(ShmError) {
      guard let header = try fill(RecordLayout.header, until: limit) else { return (.end, nil) }
      guard header else { return (.timedOut, nil) }
      let layout = try recordLayout()
      guard try fill(layout.size, until: limit) == true else { return (.timedOut, nil) }
      return (.ready, layout)
    } catch {
      throw aborting(because: error)
    }
  }

  /// Reads one record in place with a closure.
  ///
  /// - Parameter body: gets the bytes of the record. The pointer is valid during the call. If it throws, the record
  ///   stays unread.
  /// - Returns: the result of `body`; nil at the end of the stream, without calling `body`.
  /// - Throws: `ShmError` as ``next()``, and the errors of `body`.
  @inlinable
  public mutating func receiveRecord<Result: ~Copyable>(
    _ body: (UnsafeRawBufferPointer) throws(ShmError) -> Result
  ) throws(ShmError) -> Result? {
    guard let bytes = try unsafe nextRecord() else { return nil }
    let result = try unsafe body(bytes)
    endRecord(bytes.count)
    return result
  }

  /// Reads one record in place with a closure that can throw errors other than `ShmError`.
  ///
  /// - Parameter body: gets the bytes of the record. The pointer is valid during the call. If it throws, the record
  ///   stays unread.
  /// - Returns: the result of `body`; nil at the end of the stream, without calling `body`.
  /// - Throws: the error of `body`, or a `ShmError` as ``next()``.
  @inlinable
  public mutating func receiveRecord<Result: ~Copyable, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws -> Result? {
    guard let bytes = try unsafe nextRecord() else { return nil }
    let result = try unsafe body(bytes)
    endRecord(bytes.count)
    return result
  }

  /// The next record: at once if it is known to be available and no loan is held.
  ///
  /// - Returns: its bytes; nil at the end of the stream.
  @inlinable
  @inline(__always)
  mutating func nextRecord() throws(ShmError) -> UnsafeRawBufferPointer? {
    if held == 0, let record = unsafe ring.window.record { return unsafe record }
    return try unsafe beginRecord()
  }

  /// Waits for a record.
  ///
  /// - Returns: its bytes; nil at the end of the stream.
  @usableFromInline
  mutating func beginRecord() throws(ShmError) -> UnsafeRawBufferPointer? {
    releaseHeld()
    if !isOpen { try checkOpen() }
    if try look(for: RecordLayout.header) >= RecordLayout.header,
      let layout = unsafe RecordLayout(header: ring.bytes(RecordLayout.header)),
      ring.known >= layout.size
    {
      return unsafe UnsafeRawBufferPointer(rebasing: ring.bytes(layout.size)[layout.bytes])
    }
    return try unsafe waitForRecord()
  }

  /// Waits until the next record is available, or throws if the record is invalid.
  private mutating func waitForRecord() throws(ShmError) -> UnsafeRawBufferPointer? {
    do throws(ShmError) {
      guard try fill(RecordLayout.header) != nil else { return nil }
      let layout = try recordLayout()
      _ = try fill(layout.size)
      return unsafe UnsafeRawBufferPointer(rebasing: ring.bytes(layout.size)[layout.bytes])
    } catch {
      throw aborting(because: error)
    }
  }

  /// Releases a record.
  @usableFromInline
  mutating func endRecord(_ count: Int) {
    if let layout = RecordLayout(length: count) { release(layout.size) }
  }

  /// Waits until that many bytes of a record are available.
  ///
  /// - Parameters:
  ///   - count: the number of bytes.
  ///   - limit: when to stop waiting; nil for the stall timeout, which is an error.
  /// - Returns: whether they are available; nil at the end of the stream.
  /// - Throws: `ShmError`: `damaged` if the stream ends within the record.
  @inline(__always)
  private mutating func fill(_ count: Int, until limit: Deadline? = nil) throws(ShmError) -> Bool? {
    if ring.known >= count { return true }
    guard let there = try waitForBytes(count, until: limit) else { return nil }
    guard there >= count || endOfStream == nil else {
      throw failure.broken("the sender", "ended the stream within a record")
    }
    return there >= count
  }

  /// The layout of the next record, whose header is available.
  func recordLayout() throws(ShmError) -> RecordLayout {
    guard let layout = unsafe RecordLayout(header: ring.bytes(RecordLayout.header)),
      layout.size <= ring.memory.geometry.capacity
    else { throw failure.broken("the sender", "sent a record that is larger than the ring") }
    return layout
  }
}
