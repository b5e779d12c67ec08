public import ShmCore

/// Sending records, each of a length and bytes. A record arrives as a whole.
///
/// A stream of records contains nothing else. Each record begins on a multiple of 8 bytes.
extension StreamSender {
  /// Sends one record, copied from `bytes`.
  ///
  /// ```swift
  /// var sender = try StreamSender.meet(at: Rendezvous("samples"))
  /// let values: [Double] = [1.5, 2.5]
  /// try unsafe sender.sendRecord(values.span.bytes)
  /// _ = try sender.finish()
  /// ```
  ///
  /// - Parameter bytes: the record, at most ``largestRecord`` bytes.
  /// - Throws: `ShmError`: `usage` if the record exceeds ``largestRecord`` or the stream has ended. These
  ///   errors do not change the stream. Also the errors of ``send(from:named:progress:)``.
  /// - Complexity: linear in the bytes.
  @inlinable
  public mutating func sendRecord(_ bytes: RawSpan) throws(ShmError) {
    if !(unsafe bytes.withUnsafeBytes { unsafe ring.window.append($0) }) { try put(bytes) }
    publishAppended()
  }

  /// Sends one record, copied from `bytes`.
  ///
  /// - Parameter bytes: the record, at most ``largestRecord`` bytes.
  /// - Throws: `ShmError` as for a raw span.
  /// - Complexity: linear in the bytes.
  @inlinable
  public mutating func sendRecord(_ bytes: Span<UInt8>) throws(ShmError) {
    // Bytes have no padding.
    try unsafe sendRecord(bytes.bytes)
  }

  /// Sends one record that a closure appends to a buffer in the ring.
  ///
  /// - Parameters:
  ///   - capacity: the maximum bytes of the record, at most ``largestRecord``. The call waits for this room.
  ///   - body: appends the bytes of the record. If it throws, no record is sent.
  /// - Returns: the result of `body`.
  /// - Throws: `ShmError` as ``sendRecord(_:)-(RawSpan)``, and the errors of `body`.
  @inlinable
  public mutating func sendRecord<Result: ~Copyable>(
    capacity: Int, initializingWith body: (inout OutputRawSpan) throws(ShmError) -> Result
  ) throws(ShmError) -> Result {
    let place = try unsafe beginRecord(capacity)
    var output = unsafe OutputRawSpan(buffer: place, initializedCount: 0)
    let result = try body(&output)
    endRecord(unsafe output.finalize(for: place))
    return result
  }

  /// Sends one record that a closure appends. The closure can throw errors other than `ShmError`.
  ///
  /// - Parameters:
  ///   - capacity: the maximum bytes of the record, at most ``largestRecord``. The call waits for this room.
  ///   - body: appends the bytes of the record. If it throws, no record is sent.
  /// - Returns: the result of `body`.
  /// - Throws: the error of `body`, or a `ShmError` as ``sendRecord(_:)-(RawSpan)``.
  @inlinable
  public mutating func sendRecord<Result: ~Copyable, Failure: Error>(
    capacity: Int, initializingWith body: (inout OutputRawSpan) throws(Failure) -> Result
  ) throws -> Result {
    let place = try unsafe beginRecord(capacity)
    var output = unsafe OutputRawSpan(buffer: place, initializedCount: 0)
    let result = try body(&output)
    endRecord(unsafe output.finalize(for: place))
    return result
  }

  /// Sends one record that a closure writes through a pointer into the ring.
  ///
  /// - Parameters:
  ///   - byteCount: the bytes of the record, at most ``largestRecord``.
  ///   - body: writes all of them. The pointer is valid during the call. If it throws, no record is sent.
  /// - Returns: the result of `body`.
  /// - Throws: `ShmError` as ``sendRecord(_:)-(RawSpan)``, and the errors of `body`.
  @inlinable
  public mutating func sendRecord<Result: ~Copyable>(
    byteCount: Int, _ body: (UnsafeMutableRawBufferPointer) throws(ShmError) -> Result
  ) throws(ShmError) -> Result {
    let result = try unsafe body(beginRecord(byteCount))
    endRecord(byteCount)
    return result
  }

  /// Sends one record that a closure writes through a pointer. The closure can throw errors other than `ShmError`.
  ///
  /// - Parameters:
  ///   - byteCount: the bytes of the record, at most ``largestRecord``.
  ///   - body: writes all of them. The pointer is valid during the call. If it throws, no record is sent.
  /// - Returns: the result of `body`.
  /// - Throws: the error of `body`, or a `ShmError` as ``sendRecord(_:)-(RawSpan)``.
  @inlinable
  public mutating func sendRecord<Result: ~Copyable, Failure: Error>(
    byteCount: Int, _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
  ) throws -> Result {
    let result = try unsafe body(beginRecord(byteCount))
    endRecord(byteCount)
    return result
  }

  /// Sends one record if there is room for it now.
  ///
  /// - Parameter bytes: the record, at most ``largestRecord`` bytes.
  /// - Returns: false if the ring has no room for the record; nothing is sent then.
  /// - Throws: `ShmError` as ``sendRecord(_:)-(RawSpan)``.
  public mutating func trySendRecord(_ bytes: RawSpan) throws(ShmError) -> Bool {
    guard try waitForRoom(forRecordOf: bytes.byteCount, timeout: .zero) else { return false }
    try sendRecord(bytes)
    return true
  }

  /// Sends one record if there is room for it now.
  ///
  /// - Parameter bytes: the record, at most ``largestRecord`` bytes.
  /// - Returns: false if the ring has no room for the record; nothing is sent then.
  /// - Throws: `ShmError` as for a raw span.
  public mutating func trySendRecord(_ bytes: Span<UInt8>) throws(ShmError) -> Bool {
    // Bytes have no padding.
    try unsafe trySendRecord(bytes.bytes)
  }

  /// Waits until there is room for a record, so that sending it does not wait. The stream stays open after the time
  /// limit; ``StreamOptions/stallTimeout`` does not apply.
  ///
  /// - Parameters:
  ///   - byteCount: the bytes of the record, at most ``largestRecord``.
  ///   - timeout: the longest wait; zero only checks.
  /// - Returns: false if the time limit expired.
  /// - Throws: `ShmError` as ``sendRecord(_:)-(RawSpan)``.
  public mutating func waitForRoom(
    forRecordOf byteCount: Int, timeout: Duration
  ) throws(ShmError) -> Bool {
    let size = try layout(byteCount).size
    if ring.knownRoom >= size { return true }
    try checkOpen()
    return try free(size, until: Deadline(after: timeout)) >= size
  }

  /// Copies a record into the ring, and appends it.
  @usableFromInline
  mutating func put(_ bytes: RawSpan) throws(ShmError) {
    let place = try unsafe beginRecord(bytes.byteCount)
    unsafe bytes.withUnsafeBytes { unsafe place.copyMemory(from: $0) }
    complete(bytes.byteCount)
  }

  /// Waits for the room of a record.
  ///
  /// - Returns: the place of its bytes.
  @usableFromInline
  mutating func beginRecord(_ count: Int) throws(ShmError) -> UnsafeMutableRawBufferPointer {
    // No room is known after the end of the stream, so this is also the check for it.
    guard let layout = RecordLayout(length: count), layout.size <= ring.knownRoom else {
      return try unsafe waitToBegin(count)
    }
    return unsafe place(of: layout)
  }

  @inline(never)
  private mutating func waitToBegin(
    _ count: Int
  ) throws(ShmError) -> UnsafeMutableRawBufferPointer {
    let layout = try layout(count)
    _ = try makeRoom(layout.size)
    return unsafe place(of: layout)
  }

  @inline(__always)
  private func place(of layout: RecordLayout) -> UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(
      rebasing: ring.writableBytes(layout.size)[layout.bytes])
  }

  /// Publishes a record whose bytes are in place.
  @usableFromInline
  mutating func endRecord(_ count: Int) {
    complete(count)
    publishAppended()
  }

  /// Appends a record whose bytes are in place: writes its header and its padding.
  @inline(__always)
  mutating func complete(_ count: Int) {
    // beginRecord has checked a count that is at least as large.
    guard let layout = RecordLayout(length: count) else { return }
    let space = unsafe ring.writableBytes(layout.size)
    unsafe space.storeBytes(of: UInt64(count).littleEndian, as: UInt64.self)
    // Do not expose the previous contents of the ring.
    for index in layout.padding { unsafe space[index] = 0 }
    append(layout.size)
  }

  func layout(_ count: Int) throws(ShmError) -> RecordLayout {
    guard let layout = RecordLayout(length: count), layout.size <= largestLoan else {
      try checkOpen()
      throw failure.misuse(
        "a record of \(count) bytes exceeds the \(largestRecord) bytes that fit into the ring")
    }
    return layout
  }
}
