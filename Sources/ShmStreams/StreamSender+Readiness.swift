public import ShmCore
public import SystemPackage

/// Waiting in an event loop: by epoll(7), poll(2) or a read source of Dispatch.
extension StreamSender {
  /// Waits until there is room in the ring, so that a loan of it does not wait. The stream stays open after the time
  /// limit; ``StreamOptions/stallTimeout`` does not apply.
  ///
  /// - Parameters:
  ///   - count: the minimum number of bytes, 1 to ``largestLoan``.
  ///   - timeout: the longest wait; zero only checks.
  /// - Returns: false if the time limit expired.
  /// - Throws: `ShmError` as ``room(atLeast:)``.
  public mutating func waitForRoom(
    atLeast count: Int = 1, timeout: Duration
  ) throws(ShmError) -> Bool {
    if count > 0, ring.knownRoom >= count { return true }
    return try makeRoom(count, until: Deadline(after: timeout)) >= count
  }

  /// Prepares a wait of an event loop for room, and returns the descriptor to wait for.
  ///
  /// The descriptor becomes readable when the receivers have consumed a quarter of the ring or are waiting. It also
  /// becomes readable when the stream fails, or when ``StreamOptions/interrupt`` is readable. Call this again before
  /// each wait.
  ///
  /// - Parameter byteCount: the bytes of the record that will be sent, at most ``largestRecord``.
  /// - Returns: a descriptor of this sender, the same in each call. Use it only for waiting. It is nil if there is no
  ///   need to wait.
  /// - Throws: `ShmError` as ``sendRecord(_:)-(RawSpan)``, and `system` if the kernel refuses epoll(7).
  public mutating func prepareToWait(
    forRecordOf byteCount: Int
  ) throws(ShmError) -> FileDescriptor? {
    let size = try layout(byteCount).size
    if ring.knownRoom >= size { return nil }
    try checkOpen()
    flush()
    do throws(ShmError) {
      try emptyReadiness()
      // Receivers may have died, and others may have connected.
      try hear()
      if try ring.roomBeforeWaiting(wanted: size) >= size { return nil }
      return (readiness?.descriptor).map { FileDescriptor(rawValue: $0) }
    } catch {
      throw aborting(because: error)
    }
  }

  /// Makes the epoll instance at the first wait. It reports each signal of the event once, so it must be read before
  /// each wait.
  private mutating func emptyReadiness() throws(ShmError) {
    do throws(Errno) {
      if readiness == nil {
        readiness = try Waiter(
          rung: roomEvent.descriptor.raw,
          readable: peers.map { $0.socket.descriptor.raw }
            + (options.interrupt.map { [$0.rawValue] } ?? []))
      }
      try readiness?.wait(timeout: .zero)
    } catch {
      throw ShmError(failure.attempt, error)
    }
  }
}
