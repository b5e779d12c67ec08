public import ShmCore
public import SystemPackage

/// Waiting in an event loop: by epoll(7), poll(2) or a read source of Dispatch.
///
/// SwiftNIO has no public call that only watches a descriptor. With SwiftNIO, read ``StreamRecords`` in a task.
extension StreamReceiver {
  /// Waits until bytes are available, so that the next loan does not wait. The stream stays open after the time limit;
  /// ``StreamOptions/stallTimeout`` does not apply.
  ///
  /// - Parameters:
  ///   - count: the minimum number of bytes, 1 to the capacity of the ring. At the end of the stream, fewer are enough.
  ///   - timeout: the longest wait; zero only checks.
  /// - Returns: whether the bytes are available, the time limit expired, or the stream has ended.
  /// - Throws: `ShmError` as ``nextBytes(upTo:atLeast:)``.
  public mutating func waitForBytes(
    atLeast count: Int = 1, timeout: Duration
  ) throws(ShmError) -> StreamReadiness {
    releaseHeld()
    if count > 0, ring.known >= count { return .ready }
    guard let there = try available(count, until: Deadline(after: timeout)) else { return .end }
    return there >= count || endOfStream != nil ? .ready : .timedOut
  }

  /// Prepares a wait of an event loop, and returns the descriptor to wait for.
  ///
  /// ```swift
  /// func drain(_ receiver: inout StreamReceiver) throws {
  ///   repeat {
  ///     while case .record(let record) = try receiver.tryNext() { print(record.bytes.byteCount) }
  ///   } while try receiver.prepareToWait() == nil
  ///   // Now wait until the descriptor is readable, and drain again.
  /// }
  /// ```
  ///
  /// The descriptor becomes readable when bytes arrive, the stream ends or fails, or ``StreamOptions/interrupt`` is
  /// readable. Call this again before each wait.
  ///
  /// - Parameter count: the minimum number of bytes to wait for, 1 to the capacity of the ring; nil for a record.
  /// - Returns: a descriptor of this receiver, the same in each call. Use it only for waiting. It is nil if bytes are
  ///   available or the stream has ended, so that there is no need to wait.
  /// - Throws: `ShmError` as ``next()``, `usage` if `count` is out of range, and `system` if the kernel refuses epoll(7).
  public mutating func prepareToWait(atLeast count: Int? = nil) throws(ShmError) -> FileDescriptor?
  {
    releaseHeld()
    if let count { try checkLoan(count) }
    var wanted = count ?? RecordLayout.header
    if ring.known < wanted { try checkOpen() }
    do throws(ShmError) {
      // The epoll instance reports each signal of the event once, so it must be read before each wait.
      let ready = try emptyReadiness()
      if ready.interrupt { throw failure.interrupted }
      if ready.sender { try hear() }
      if endOfStream != nil { return nil }
      if count == nil, ring.known >= wanted { wanted = try recordLayout().size }
      if try ring.availableBeforeWaiting(wanted: wanted) >= wanted { return nil }
      if ring.isSenderToBeWoken() { wakeSender() }
      return (registered?.descriptor).map { FileDescriptor(rawValue: $0) }
    } catch {
      throw aborting(because: error)
    }
  }

  private mutating func emptyReadiness() throws(ShmError) -> (sender: Bool, interrupt: Bool) {
    if let ready = try waitWithoutSink(timeout: .zero) { return ready }
    throw ShmError(
      .system, failure.attempt,
      "epoll(7) is not permitted, so no descriptor can report available bytes")
  }
}
