public import ShmCore

/// Batches of records: one wait and one release for all records that are available.
extension StreamReceiver {
  /// Waits for a record, reads the available records in place with a closure, and releases them together.
  ///
  /// ```swift
  /// var receiver = try StreamReceiver.meet(at: Rendezvous("samples"))
  /// var bytes = 0
  /// while try receiver.receiveRecords(max: 100, { bytes += $0.byteCount }) > 0 {}
  /// _ = try receiver.finish()
  /// ```
  ///
  /// The sender gets the room of the records after the last one. If `body` takes long, a lower `most` gives it back
  /// earlier.
  ///
  /// - Parameters:
  ///   - most: the maximum number of records, at least 1.
  ///   - body: gets the bytes of each record in order. If it throws, the records before are consumed, and this record
  ///     and those after it stay unread.
  /// - Returns: the number of records; 0 at the end of the stream.
  /// - Throws: `ShmError`: `usage` if `most` is less than 1, as ``next()``, and the errors of `body`. A record that is
  ///   not valid is reported by the next call if records precede it.
  /// - Complexity: linear in the records.
  @inlinable
  public mutating func receiveRecords(
    max most: Int = .max, _ body: (RawSpan) throws(ShmError) -> Void
  ) throws(ShmError) -> Int {
    guard var window = try beginRecords(most) else { return 0 }
    var count = 0
    defer { endRecords(before: window) }
    while count < most, let bytes = unsafe window.record {
      try unsafe body(RawSpan(_unsafeBytes: bytes))
      window.skip(recordOf: bytes.count)
      count += 1
    }
    if count == 0 { throw recordChanged() }
    return count
  }

  /// Reads the available records with a closure that can throw errors other than `ShmError`.
  ///
  /// - Parameters:
  ///   - most: the maximum number of records, at least 1.
  ///   - body: as for the closure that throws `ShmError`.
  /// - Returns: the number of records; 0 at the end of the stream.
  /// - Throws: the error of `body`, or a `ShmError`: `usage` if `most` is less than 1, and as ``next()``.
  /// - Complexity: linear in the records.
  @inlinable
  public mutating func receiveRecords<Failure: Error>(
    max most: Int = .max, _ body: (RawSpan) throws(Failure) -> Void
  ) throws -> Int {
    guard var window = try beginRecords(most) else { return 0 }
    var count = 0
    defer { endRecords(before: window) }
    while count < most, let bytes = unsafe window.record {
      try unsafe body(RawSpan(_unsafeBytes: bytes))
      window.skip(recordOf: bytes.count)
      count += 1
    }
    if count == 0 { throw recordChanged() }
    return count
  }

  /// Waits for a record.
  ///
  /// - Returns: the available bytes, which begin with a complete record; nil at the end of the stream.
  @usableFromInline
  mutating func beginRecords(_ most: Int) throws(ShmError) -> ReadableWindow? {
    guard most > 0 else {
      try checkOpen()
      throw failure.misuse("a batch has at least 1 record, but \(most) were requested")
    }
    guard try unsafe beginRecord() != nil else { return nil }
    return ring.window
  }

  /// Aborts the stream because a complete record is no longer complete when it is read. An empty batch would mean the end
  /// of the stream.
  ///
  /// - Returns: the error for the caller to throw.
  @usableFromInline
  mutating func recordChanged() -> ShmError {
    aborting(because: failure.broken("the sender", "changed a record that it had published"))
  }

  /// Releases the records before the rest of the window.
  @usableFromInline
  mutating func endRecords(before rest: ReadableWindow) {
    let size = ring.known - rest.count
    if size > 0 { release(size) }
  }
}
