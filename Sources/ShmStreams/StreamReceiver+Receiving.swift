import CShm
import Glibc
public import ShmCore
import SystemPackage

extension StreamReceiver {
  /// So many writes to what never waits go on between two looks at the sender and signals.
  private static var writesUnheard: Int { 64 }

  /// Gives all bytes of the stream to a descriptor: write(2) straight out of the ring.
  ///
  /// - Parameters:
  ///   - sink: the number of a descriptor that is open for writing; it stays the caller's.
  ///   - name: what it is called in messages.
  ///   - progress: called with the bytes delivered so far.
  /// - Throws: `ShmError`: `peerDied`, `aborted`, `damaged` where the sender breaks the protocol,
  ///   `inputOutput` where the sink takes no more, `timedOut`, `interrupted`. What was delivered is a
  ///   correct beginning, and the stream is aborted.
  /// - Complexity: linear in the bytes; the memory is the ring's.
  public mutating func receive(
    to sink: Int32, named name: String, progress: (Int) -> Void = { _ in }
  ) throws(ShmError) {
    do throws(ShmError) {
      let attempt = "cannot write \(name)"
      var target = try StreamSink(sink, attempt)
      let watched = target.mayBlock ? sink : nil
      var writes = 0
      while let count = try waitForBytes(sink: watched) {
        progress(Int(ring.position))
        writes += 1
        // Where nothing has to be waited for, what the sender and signals say must be heard all the same.
        if writes % Self.writesUnheard == 0 { try wait(until: .now) }
        let bytes = unsafe ring.bytes(min(count, options.chunk))
        report.crossings += 1
        let written = try unsafe deliver(
          UnsafeRawBufferPointer(start: nil, count: 0), bytes, to: &target)
        if written > 0 { release(written) }
      }
      progress(Int(ring.position))
    } catch {
      abort(error)
      throw error
    }
  }

  /// Gives bytes back that were taken out, and wakes the sender where it waits for that much.
  @inline(__always)
  mutating func release(_ count: Int) {
    if hello.flags & 2 != 0 { unsafe checksum.add(ring.bytes(count)) }
    if ring.release(count) { wakeSender() }
  }

  private mutating func wakeSender() {
    space.ring()
    report.wakes += 1
    report.crossings += 1
  }

  /// Waits until bytes are there.
  ///
  /// - Parameters:
  ///   - wanted: how many are needed at least.
  ///   - sink: a descriptor whose end is the end of this end; nil for none.
  /// - Returns: how many there are, fewer than wanted only before the end; nil at the end of the stream.
  /// - Throws: `ShmError`, as `receive`.
  mutating func waitForBytes(_ wanted: Int = 1, sink: CInt? = nil) throws(ShmError) -> Int? {
    var clock = Deadline(after: options.stallTimeout)
    while true {
      spin.restart()
      repeat {
        let count = try ring.available(atLeast: wanted)
        if count >= wanted { return count }
        if end != nil { return try whatIsLeft(count) }
      } while spin.goesOn()
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
      if try ring.available() != before { clock.restart() }
      if let limit = clock.passed { throw failure.stalled(limit, after: ring.position) }
    }
  }

  /// After the end: what has come and was not taken; nil where all was.
  private func whatIsLeft(_ count: Int) throws(ShmError) -> Int? {
    guard let end else { return count }
    if end.total == ring.position &+ UInt64(count) { return count == 0 ? nil : count }
    throw failure.broken(
      "the sender",
      "says that it sent \(end.total) bytes, and \(ring.position &+ UInt64(count)) came")
  }

  /// Gives the processor away until the event rings, or somebody has something to say.
  private mutating func sleep(_ sink: CInt?, _ clock: Deadline) throws(ShmError) {
    if sink == nil, reply == nil, let ready = try waitAsBefore(clock) {
      if ready & 1 << 2 != 0 { throw failure.interrupted }
      if ready & 1 << 1 != 0 { try hear() }
    } else if try look(sink, data.descriptor.raw, clock) {
      data.silence()
      report.crossings += 1
    }
  }

  /// Waits for the event, the sender and the interrupt, in this order: one call for all of them, and
  /// none to silence the event. Nil where that cannot be had.
  private mutating func waitAsBefore(_ clock: Deadline) throws(ShmError) -> UInt32? {
    do {
      guard let ready = try usual?.wait(timeout: clock.left) else { return nil }
      report.crossings += 1
      return ready
    } catch {
      throw ShmError(failure.attempt, error)
    }
  }

  /// One wait; whether the event has come.
  @discardableResult
  private mutating func look(
    _ sink: CInt?, _ event: CInt?, _ clock: Deadline
  ) throws(ShmError) -> Bool {
    // Its reader's end is told without being asked for.
    let ready = try wait(event, end: sink, until: clock)
    if ready.end {
      throw ShmError(.inputOutput, failure.attempt, "whoever read the output is gone")
    }
    return ready.first
  }

  /// Waits for a descriptor, for the end of another, for the sender, and for the interrupt; hears what
  /// the sender says.
  ///
  /// - Parameters:
  ///   - descriptor: what is waited for; nil for nothing more.
  ///   - events: what is waited for there.
  ///   - watched: one whose end is waited for; nil for none.
  ///   - clock: how long at most.
  /// - Returns: whether the first is ready, and whether the other has ended.
  /// - Throws: `ShmError`: `interrupted`, and what the sender has done.
  @discardableResult
  mutating func wait(
    _ descriptor: CInt? = nil, _ events: CInt = POLLIN, end watched: CInt? = nil,
    until clock: Deadline
  ) throws(ShmError) -> (first: Bool, end: Bool) {
    polled.removeAll()
    if let descriptor { polled.add(descriptor, events) }
    if let watched { polled.add(watched, 0) }
    let given = polled.count
    // After the end nothing more is said, and its end would wake for ever.
    let hears = end == nil && !hasGivenUp
    if hears { polled.add(socket.descriptor.raw) }
    let answer = reply.flatMap { $0.outcome == nil ? $0.descriptor : nil }
    if let answer { polled.add(answer) }
    if let interrupt = options.interrupt { polled.add(interrupt) }
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

  private mutating func hear() throws(ShmError) {
    switch socket.receive() {
    case .nothing: return
    case .message(.end(hello.stream, let total, let checksum)): end = (total, checksum)
    case .message(.abort(hello.stream, _, let reason)): throw failure.aborted("the sender", reason)
    case .closed: throw failure.peerDied("the sender", socket.peer, after: ring.position)
    case .failed(let error): throw ShmError(failure.attempt, error)
    case .message, .nonsense, .cutOff:
      throw failure.broken("the sender", "sent an unexpected message")
    }
  }

  /// Writes what can be written at once, and waits where nothing can: for the sink, the sender's word,
  /// the interrupt.
  mutating func deliver(
    _ head: UnsafeRawBufferPointer, _ bytes: UnsafeRawBufferPointer, to sink: inout StreamSink
  ) throws(ShmError) -> Int {
    let clock = Deadline(after: options.stallTimeout)
    var isReady = false
    while true {
      if let written = try unsafe sink.write(head, bytes, isReady: isReady) { return written }
      report.waits += 1
      isReady = try wait(sink.descriptor, POLLOUT, until: clock).first
      // One that was stopped meanwhile finds the time passed, and yet goes on.
      if !isReady, let limit = clock.passed { throw failure.stalled(limit, after: ring.position) }
    }
  }
}
