import Glibc
public import ShmCore
public import SystemPackage

extension StreamSender {
  /// The number of reads from a source that never blocks between two checks of peers and signals.
  private static var readsUnheard: Int { 64 }

  mutating func hear() throws(ShmError) {
    let heard = try listen(besides: [], .now)
    try attend(heard.peers, heard.listener)
  }

  /// Sends all bytes of a descriptor: read(2) writes directly into the ring.
  ///
  /// - Parameters:
  ///   - source: a descriptor that is open for reading. The call does not close it.
  ///   - name: its name in messages.
  ///   - progress: called with the bytes sent so far.
  /// - Throws: `ShmError`: `inputOutput` if the source cannot be read, `peerDied`, `aborted`,
  ///   `damaged` if a receiver violates the protocol, `timedOut`, `interrupted`. The stream is
  ///   aborted then.
  /// - Complexity: linear in the bytes, without memory besides the ring.
  public mutating func send(
    from source: FileDescriptor, named name: String = "the input",
    progress: (Int) -> Void = { _ in }
  ) throws(ShmError) {
    try checkOpen()
    flush()
    do throws(ShmError) {
      var input = try StreamSource(source.rawValue, chunk: options.chunk, "cannot read \(name)")
      let least = min(input.leastRoom, ring.memory.geometry.capacity)
      var reads = 0
      while true {
        progress(Int(ring.position))
        let room = try waitForRoom(least)
        reads += 1
        // Without any wait, messages of peers and signals must still be checked.
        if input.mayBlock {
          try waitForInput(source.rawValue)
        } else if reads % Self.readsUnheard == 0 {
          try hear()
        }
        report.crossings += 1
        let space = unsafe ring.writableBytes(min(room, max(options.chunk, least)))
        guard let count = try unsafe input.read(into: space) else { continue }
        if count == 0 { return }
        publish(count)
      }
    } catch {
      throw aborting(because: error)
    }
  }

  /// Publishes bytes that were written into the ring, and wakes receivers that wait for them.
  @inline(__always)
  mutating func publish(_ count: Int) {
    append(count)
    publishAppended()
  }

  /// Adds bytes that were written into the ring, and does not publish them yet.
  @inline(__always)
  mutating func append(_ count: Int) {
    if options.hasChecksum {
      unsafe checksum.add(UnsafeRawBufferPointer(ring.writableBytes(count)))
    }
    ring.append(count)
  }

  /// Publishes all appended bytes, and wakes receivers that wait for them.
  @usableFromInline
  @inline(__always)
  mutating func publishAppended() {
    let woken = ring.publish()
    if woken != 0 { wake(woken) }
  }

  @inline(never)
  private mutating func wake(_ woken: UInt32) {
    for peer in peers {
      guard let index = peer.index, woken & 1 << index != 0 else { continue }
      peer.data?.ring()
      report.wakes += 1
      report.crossings += 1
    }
  }

  /// Waits until there is room.
  ///
  /// - Parameters:
  ///   - wanted: the minimum number of bytes.
  ///   - limit: when to stop waiting; nil for the stall timeout, which is an error.
  /// - Returns: the free bytes; fewer than `wanted` only after `limit`.
  /// - Throws: `ShmError`, as `send`.
  mutating func waitForRoom(
    _ wanted: Int = 1, until limit: Deadline? = nil
  ) throws(ShmError) -> Int {
    var clock = limit ?? Deadline(after: options.stallTimeout)
    flush()
    while true {
      spin.restart()
      repeat {
        let room = try ring.room()
        if room >= wanted { return room }
      } while limit?.hasPassed != true && spin.goesOn()
      if limit?.hasPassed == true {
        try hear()
        return try ring.room()
      }
      report.waits += 1
      let heard: Heard
      let before: Int
      if options.waiting == .spinning {
        before = try ring.room()
        heard = try listen(besides: [], .now)
      } else {
        before = try ring.roomBeforeWaiting(wanted: wanted)
        if before >= wanted { continue }
        heard = try listen(besides: [Waiter.Interest(descriptor: roomEvent.descriptor.raw)], clock)
        ring.stopWaiting()
        if heard.others[0] {
          roomEvent.silence()
          report.crossings += 1
        }
      }
      // Only consumed bytes count: a receiver that rings but consumes nothing stalls the stream.
      if limit == nil, try ring.room() != before { clock.restart() }
      try attend(heard.peers, heard.listener)
      if limit == nil, let limit = clock.passed {
        throw failure.stalled(limit, after: ring.position)
      }
    }
  }

  /// Waits until a descriptor is readable, and handles messages of the receivers. Use it to wait for the exit of a
  /// command whose output has ended.
  ///
  /// - Parameter descriptor: a descriptor, which the call does not close.
  /// - Throws: `ShmError`: `peerDied`, `aborted`, `damaged`, `timedOut`, `interrupted`. The stream is
  ///   aborted then.
  package mutating func wait(for descriptor: FileDescriptor) throws(ShmError) {
    do throws(ShmError) {
      try waitForInput(descriptor.rawValue)
    } catch {
      throw aborting(because: error)
    }
  }

  mutating func waitForInput(_ source: CInt) throws(ShmError) {
    flush()
    let clock = Deadline(after: options.stallTimeout)
    while true {
      let heard = try listen(besides: [Waiter.Interest(descriptor: source)], clock)
      try attend(heard.peers, heard.listener)
      if heard.others[0] { return }
      if let limit = clock.passed { throw failure.stalled(limit, after: ring.position) }
    }
  }

  /// Handles a message during the transfer. Every such message ends the stream.
  private mutating func attend(_ heard: [StreamPeer], _ listener: Bool) throws(ShmError) {
    if listener { turnAway() }
    for peer in answerLatecomers(heard) {
      switch peer.socket.receive() {
      case .nothing: continue
      case .closed:
        throw failure.peerDied(peer.name, peer.socket.peer, after: ring.position)
      case .message(.abort(stream, _, let reason)): throw failure.aborted(peer.name, reason)
      case .failed(let error): throw ShmError(failure.attempt, error)
      case .message, .nonsense, .cutOff:
        throw failure.broken(peer.name, "sent an unexpected message")
      }
    }
  }

  /// Waits until every receiver has confirmed that it delivered all bytes.
  mutating func waitForReceivers(_ total: UInt64) throws(ShmError) {
    var clock = Deadline(after: options.stallTimeout)
    var room = try ring.room()
    while peers.contains(where: { $0.phase != .done }) {
      let heard = try listen(
        besides: [Waiter.Interest(descriptor: roomEvent.descriptor.raw)], clock)
      if heard.others[0] { roomEvent.silence() }
      if heard.listener { turnAway() }
      for peer in answerLatecomers(heard.peers) {
        switch peer.socket.receive() {
        case .nothing: continue
        case .message(.done(stream, total)):
          guard let index = peer.index, try ring.hasTaken(all: index) else {
            throw failure.broken(
              peer.name, "confirmed the stream, but its position is not the end of the stream")
          }
          peer.phase = .done
        case .message(.done):
          throw failure.broken(peer.name, "delivered a different number of bytes")
        case .closed: throw failure.peerDied(peer.name, peer.socket.peer, after: total)
        case .message(.abort(stream, _, let reason)): throw failure.aborted(peer.name, reason)
        case .failed(let error): throw ShmError(failure.attempt, error)
        case .message, .nonsense, .cutOff:
          throw failure.broken(peer.name, "sent an unexpected message")
        }
      }
      let now = try ring.room()
      if now != room || !heard.peers.isEmpty { clock.restart() }
      room = now
      if let limit = clock.passed { throw failure.stalled(limit, after: total) }
    }
  }
}
