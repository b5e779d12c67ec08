import CShm
import Glibc
public import ShmCore
public import SystemPackage

extension StreamReceiver {
  /// The number of writes to a sink that never blocks between two checks of the sender and signals.
  private static var writesUnheard: Int { 64 }

  /// Writes all bytes of the stream to a descriptor: write(2) reads them from the ring.
  ///
  /// - Parameters:
  ///   - sink: a descriptor that is open for writing. The call does not close it.
  ///   - name: its name in messages.
  ///   - progress: called with the bytes delivered so far.
  /// - Throws: `ShmError`: `peerDied`, `aborted`, `damaged` if the sender violates the protocol,
  ///   `inputOutput` if the sink cannot be written, `timedOut`, `interrupted`. The delivered bytes are a correct
  ///   prefix of the stream, and the stream is aborted.
  /// - Complexity: linear in the bytes, without memory besides the ring.
  public mutating func receive(
    to sink: FileDescriptor, named name: String = "the output", progress: (Int) -> Void = { _ in }
  ) throws(ShmError) {
    releaseHeld()
    try checkOpen()
    do throws(ShmError) {
      let attempt = "cannot write \(name)"
      var target = try StreamSink(sink.rawValue, attempt)
      let watched = target.mayBlock ? sink.rawValue : nil
      var writes = 0
      while let count = try waitForBytes(sink: watched) {
        progress(Int(ring.position))
        writes += 1
        // Without any wait, messages of the sender and signals must still be checked.
        if writes % Self.writesUnheard == 0 { try wait(until: .now) }
        let bytes = unsafe ring.bytes(min(count, options.chunk))
        report.crossings += 1
        let written = try unsafe deliver(
          UnsafeRawBufferPointer(start: nil, count: 0), bytes, to: &target)
        if written > 0 { release(written) }
      }
      progress(Int(ring.position))
    } catch {
      throw aborting(because: error)
    }
  }

  /// Releases consumed bytes, and wakes the sender if it waits for that much room.
  @inline(__always)
  mutating func release(_ count: Int) {
    if hello.flags & 2 != 0 { unsafe checksum.add(ring.bytes(count)) }
    if ring.release(count) { wakeSender() }
  }

  mutating func wakeSender() {
    roomEvent.ring()
    report.wakes += 1
    report.crossings += 1
  }

  /// Waits until bytes are available.
  ///
  /// - Parameters:
  ///   - wanted: the minimum number of bytes.
  ///   - sink: a descriptor whose closing ends the wait; nil to watch no descriptor.
  ///   - limit: when to stop waiting; nil for the stall timeout, which is an error.
  /// - Returns: the number of available bytes, fewer than `wanted` only before the end or after `limit`; nil at the
  ///   end of the stream.
  /// - Throws: `ShmError`, as `receive`.
  mutating func waitForBytes(
    _ wanted: Int = 1, sink: CInt? = nil, until limit: Deadline? = nil
  ) throws(ShmError) -> Int? {
    var clock = limit ?? Deadline(after: options.stallTimeout)
    while true {
      spin.restart()
      repeat {
        let count = try ring.available(atLeast: wanted)
        if count >= wanted { return count }
        if endOfStream != nil { return try whatIsLeft(count) }
      } while limit?.hasPassed != true && spin.goesOn()
      if limit?.hasPassed == true { return try availableAtOnce() }
      report.waits += 1
      let before: Int
      if options.waiting == .spinning {
        before = try ring.available()
        if ring.isSenderToBeWoken() { wakeSender() }
        try look(sink, nil, .now)
      } else {
        before = try ring.availableBeforeWaiting(wanted: wanted)
        if before >= wanted { continue }
        if ring.isSenderToBeWoken() { wakeSender() }
        try sleep(sink, clock)
        ring.stopWaiting()
      }
      // Only bytes that move count: to ring and give nothing is to stall.
      if limit != nil { continue }
      if try ring.available() != before { clock.restart() }
      if let limit = clock.passed { throw failure.stalled(limit, after: ring.position) }
    }
  }

  /// The available bytes after a check of the sender and of signals; nil at the end of the stream.
  private mutating func availableAtOnce() throws(ShmError) -> Int? {
    if ring.isSenderToBeWoken() { wakeSender() }
    try wait(until: .now)
    let count = try ring.available()
    return endOfStream == nil ? count : try whatIsLeft(count)
  }

  /// The bytes that are left after the end of the stream; nil if all bytes were consumed.
  private func whatIsLeft(_ count: Int) throws(ShmError) -> Int? {
    guard let end = endOfStream else { return count }
    if end.total == ring.position &+ UInt64(count) { return count == 0 ? nil : count }
    throw failure.broken(
      "the sender",
      "reported \(end.total) sent bytes, but \(ring.position &+ UInt64(count)) bytes arrived")
  }

  /// Sleeps until the event is signalled, or a message of the sender or the interrupt arrives.
  private mutating func sleep(_ sink: CInt?, _ clock: Deadline) throws(ShmError) {
    if sink == nil, reply == nil, let ready = try waitWithoutSink(timeout: clock.left) {
      report.crossings += 1
      if ready.interrupt { throw failure.interrupted }
      if ready.sender { try hear() }
    } else if try look(sink, data.descriptor.raw, clock) {
      data.silence()
      report.crossings += 1
    }
  }

  /// Waits for the event, the sender and the interrupt with one system call. It need not reset the event.
  ///
  /// - Returns: whether the sender and the interrupt are ready; nil if the kernel refuses epoll(7).
  mutating func waitWithoutSink(
    timeout: Duration?
  ) throws(ShmError) -> (sender: Bool, interrupt: Bool)? {
    do {
      guard try registered?.wait(timeout: timeout) != nil else { return nil }
      return (
        registered?.isReady(1) == true,
        options.interrupt != nil && registered?.isReady(2) == true
      )
    } catch {
      throw ShmError(failure.attempt, error)
    }
  }

  /// Waits once. Returns whether the event rang.
  @discardableResult
  private mutating func look(
    _ sink: CInt?, _ event: CInt?, _ clock: Deadline
  ) throws(ShmError) -> Bool {
    // poll(2) reports a closed reader without a requested event.
    let ready = try wait(event, closing: sink, until: clock)
    if ready.isClosed, let sink, !(try endsWithoutReader(sink)) {
      throw ShmError(.inputOutput, failure.attempt, "the reader of the output has closed it")
    }
    return ready.isReady
  }

  /// Waits up to 2 s for the end of the stream, if the reader of a pipe has read every byte and closed the pipe. tar(1)
  /// and head(1) do not wait for the end of their input.
  ///
  /// - Returns: whether the stream has ended without a further byte.
  private mutating func endsWithoutReader(_ sink: CInt) throws(ShmError) -> Bool {
    guard cshm_unread(sink) == 0, cshm_fcntl(sink, cshm_F_GETPIPE_SZ, 0) > 0 else { return false }
    let clock = Deadline(after: .seconds(2))
    while endOfStream == nil, !clock.hasPassed {
      if try ring.available() > 0 { return false }
      try wait(until: Deadline(after: .milliseconds(10)))
    }
    let left = try ring.available()
    return endOfStream != nil && left == 0
  }

  /// Waits for a descriptor, for the closing of another descriptor, for the sender, and for the interrupt. Handles
  /// messages of the sender.
  ///
  /// - Parameters:
  ///   - descriptor: the descriptor to wait for; nil to wait only for the others.
  ///   - events: the events of `descriptor` to wait for.
  ///   - watched: a descriptor whose closing ends the wait; nil without a descriptor.
  ///   - clock: the time limit.
  /// - Returns: whether `descriptor` is ready, and whether `watched` was closed.
  /// - Throws: `ShmError`: `interrupted`, and the failure of the sender.
  @discardableResult
  mutating func wait(
    _ descriptor: CInt? = nil, _ events: CInt = POLLIN, closing watched: CInt? = nil,
    until clock: Deadline
  ) throws(ShmError) -> (isReady: Bool, isClosed: Bool) {
    polled.removeAll()
    if let descriptor { polled.add(descriptor, events) }
    if let watched { polled.add(watched, 0) }
    let given = polled.count
    // After the end of the stream the sender sends no more messages, and its closed socket would always be ready.
    let hears = endOfStream == nil && endError == nil
    if hears { polled.add(socket.descriptor.raw) }
    let answer = reply.flatMap { $0.outcome == nil ? $0.descriptor : nil }
    if let answer { polled.add(answer) }
    if let interrupt = options.interrupt { polled.add(interrupt.rawValue) }
    report.crossings += 1
    do {
      try polled.wait(timeout: clock.left)
    } catch {
      throw ShmError(failure.attempt, error)
    }
    if options.interrupt != nil, polled.isReady(polled.count - 1) { throw failure.interrupted }
    if hears, polled.isReady(given) { try hear() }
    if answer != nil, polled.isReady(given + (hears ? 1 : 0)) { try readReply() }
    return (
      descriptor != nil && polled.isReady(0), watched != nil && polled.isReady(given - 1)
    )
  }

  mutating func hear() throws(ShmError) {
    switch socket.receive() {
    case .nothing: return
    case .message(.end(hello.stream, let total, let checksum)):
      endOfStream = EndOfStream(total: total, checksum: checksum)
    case .message(.abort(hello.stream, _, let reason)): throw failure.aborted("the sender", reason)
    case .closed: throw failure.peerDied("the sender", socket.peer, after: ring.position)
    case .failed(let error): throw ShmError(failure.attempt, error)
    case .message, .nonsense, .cutOff:
      throw failure.broken("the sender", "sent an unexpected message")
    }
  }

  /// Writes without blocking. If the sink is not ready, waits for the sink, a message of the sender, or the interrupt.
  mutating func deliver(
    _ head: UnsafeRawBufferPointer, _ bytes: UnsafeRawBufferPointer, to sink: inout StreamSink
  ) throws(ShmError) -> Int {
    let clock = Deadline(after: options.stallTimeout)
    var isReady = false
    while true {
      if let written = try unsafe sink.write(head, bytes, isReady: isReady) { return written }
      report.waits += 1
      isReady = try wait(sink.descriptor, POLLOUT, until: clock).isReady
      // A process that was stopped in the meantime finds the time limit expired, but continues.
      if !isReady, let limit = clock.passed { throw failure.stalled(limit, after: ring.position) }
    }
  }
}
