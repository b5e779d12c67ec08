public import ShmCore

/// Batches of records.
///
/// Each publication of a record costs a memory fence and a check whether a receiver sleeps. Appended records are
/// published together, so that small records take about two thirds of the time. The receivers see an appended record
/// when it is published:
///
/// - by ``flush()``, and by each call that publishes another record or bytes,
/// - when the appended records have 16 KiB,
/// - before each wait of this sender, for example when the ring is full,
/// - by ``finish()``.
///
/// Call ``flush()`` before a wait for something else, such as an answer. Without it the receiver may wait for the record
/// that this sender has not published. ``abort(reason:)`` discards unpublished records, and so does a sender that ends
/// without ``finish()``.
extension StreamSender {
  /// The bytes of the ring after which appended records are published. Receivers work meanwhile.
  static var batchLimit: Int { 16 << 10 }

  /// Adds one record to the batch, copied from `bytes`.
  ///
  /// ```swift
  /// var sender = try StreamSender.meet(at: Rendezvous("samples"))
  /// for number in 0..<1000 {
  ///   let values: [UInt8] = [1, 2, UInt8(number % 256)]
  ///   try sender.appendRecord(values.span)
  /// }
  /// sender.flush()
  /// _ = try sender.finish()
  /// ```
  ///
  /// - Parameter bytes: the record, at most ``largestRecord`` bytes.
  /// - Throws: `ShmError` as ``sendRecord(_:)-(RawSpan)``. Records that were appended before stay in the batch.
  /// - Complexity: linear in the bytes.
  @inlinable
  public mutating func appendRecord(_ bytes: RawSpan) throws(ShmError) {
    if unsafe bytes.withUnsafeBytes({ unsafe ring.window.append($0) }) { return }
    try put(bytes)
    limitBatch()
  }

  /// Adds one record to the batch, copied from `bytes`.
  ///
  /// - Parameter bytes: the record, at most ``largestRecord`` bytes.
  /// - Throws: `ShmError` as for a raw span.
  /// - Complexity: linear in the bytes.
  @inlinable
  public mutating func appendRecord(_ bytes: Span<UInt8>) throws(ShmError) {
    // Bytes have no padding.
    try unsafe appendRecord(bytes.bytes)
  }

  /// Adds one record to the batch, which a closure appends to a buffer in the ring.
  ///
  /// - Parameters:
  ///   - capacity: the maximum bytes of the record, at most ``largestRecord``. The call waits for this room.
  ///   - body: appends the bytes of the record. If it throws, no record is added.
  /// - Returns: the result of `body`.
  /// - Throws: `ShmError` as ``sendRecord(_:)-(RawSpan)``, and the errors of `body`.
  @inlinable
  public mutating func appendRecord<Result: ~Copyable>(
    capacity: Int, initializingWith body: (inout OutputRawSpan) throws(ShmError) -> Result
  ) throws(ShmError) -> Result {
    let place = try unsafe beginRecord(capacity)
    var output = unsafe OutputRawSpan(buffer: place, initializedCount: 0)
    let result = try body(&output)
    endAppendedRecord(unsafe output.finalize(for: place))
    return result
  }

  /// Adds one record to the batch, which a closure appends. The closure can throw errors other than `ShmError`.
  ///
  /// - Parameters:
  ///   - capacity: the maximum bytes of the record, at most ``largestRecord``. The call waits for this room.
  ///   - body: appends the bytes of the record. If it throws, no record is added.
  /// - Returns: the result of `body`.
  /// - Throws: the error of `body`, or a `ShmError` as ``sendRecord(_:)-(RawSpan)``.
  @inlinable
  public mutating func appendRecord<Result: ~Copyable, Failure: Error>(
    capacity: Int, initializingWith body: (inout OutputRawSpan) throws(Failure) -> Result
  ) throws -> Result {
    let place = try unsafe beginRecord(capacity)
    var output = unsafe OutputRawSpan(buffer: place, initializedCount: 0)
    let result = try body(&output)
    endAppendedRecord(unsafe output.finalize(for: place))
    return result
  }

  /// Publishes the appended records. Without effect if no record is unpublished.
  ///
  /// - Complexity: constant; a system call for each receiver that sleeps.
  public mutating func flush() {
    if ring.unpublished > 0 { publishAppended() }
  }

  /// Adds a record whose bytes are in place.
  @usableFromInline
  mutating func endAppendedRecord(_ count: Int) {
    complete(count)
    limitBatch()
  }

  @usableFromInline
  mutating func limitBatch() {
    if ring.unpublished >= Self.batchLimit { publishAppended() }
  }
}
