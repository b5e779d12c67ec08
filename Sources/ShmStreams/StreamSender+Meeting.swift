import ShmCore
import SystemPackage

extension StreamSender {
  /// Takes receivers in until all have mapped the ring, and then begins.
  mutating func meetReceivers(_ clock: Deadline) throws(ShmError) {
    do throws(ShmError) {
      try takeReceiversIn(clock)
      spin = SpinWait(options, peers: peers.map { $0.socket.peer })
    } catch {
      throw aborting(because: error)
    }
  }

  private mutating func takeReceiversIn(_ clock: Deadline) throws(ShmError) {
    var look = Deadline(after: Self.lookAgain)
    while peers.count(where: { $0.phase == .ready }) < options.receivers {
      if let limit = clock.passed {
        let ready = peers.count(where: { $0.phase == .ready })
        throw failure.noMeeting(
          options.receivers == 1
            ? "no receiver connected" : "only \(ready) of \(options.receivers) receivers connected",
          limit, remedy: ready == 0 ? place.meetingRemedy : nil)
      }
      let next = Deadline(after: [clock.left, look.left].compactMap { $0 }.min())
      let heard = try listen(besides: [], next)
      if heard.listener { try accept() }
      for peer in heard.peers { try answer(peer) }
      if look.passed != nil {
        look.restart()
        forgetTheSilent()
        try renewListener(clock)
      }
    }
    // A process that connected but did not complete the meeting is not a receiver. The stream does not wait for it.
    latecomers += peers.filter { $0.phase != .ready }
    peers.removeAll { $0.phase != .ready }
    try sendToAll(.start(stream: stream))
  }

  /// The time between two checks of the name and of silent receivers.
  private static var lookAgain: Duration { .milliseconds(500) }

  /// How long a receiver that was greeted may take to map the ring. A receiver allows its
  /// sender as much.
  static var handshakeLimit: Duration { .seconds(10) }

  /// Disconnects a receiver that does not answer the greeting. It may be stopped, and would block all others. If it
  /// continues, it gets a message.
  private mutating func forgetTheSilent() {
    let isSilent = { (peer: StreamPeer) in peer.phase == .greeted && peer.patience.hasPassed }
    for peer in peers where isSilent(peer) {
      let limit = Clock.text(Self.handshakeLimit)
      peer.socket.sendLast(
        .abort(stream: stream, bytes: 0, reason: "the receiver did not answer in \(limit)"))
    }
    peers.removeAll(where: isSilent)
  }

  /// Binds the name again if a process has removed or replaced it or its directory. Otherwise receivers would not
  /// find this sender, and no list would show it.
  private mutating func renewListener(_ clock: Deadline) throws(ShmError) {
    guard !listener.isReachable else { return }
    // Receivers that are already connected stay connected without the old socket.
    while try accept() {}
    listener = try StreamListener(
      at: place, until: clock, interrupt: options.interrupt?.rawValue, failure.attempt)
  }

  /// The maximum number of connections during the meeting. Another connection replaces the oldest silent one.
  private static var mostConnected: Int { 64 }

  /// The descriptors that are ready after a wait.
  struct Heard {
    /// The peers with a message.
    var peers: [StreamPeer]
    /// Whether a process has connected.
    var listener: Bool
    /// Whether each of the other descriptors is ready.
    var others: [Bool]
  }

  /// Waits for messages of peers, a connection, or one of the given descriptors, and returns which are ready.
  mutating func listen(
    besides others: [Waiter.Interest], _ clock: Deadline
  ) throws(ShmError) -> Heard {
    let own = peers.filter { $0.phase != .done } + latecomers
    var interests = others
    if turnsAway { interests.append(Waiter.Interest(descriptor: listener.descriptor.raw)) }
    interests += own.map { Waiter.Interest(descriptor: $0.socket.descriptor.raw) }
    if let interrupt = options.interrupt {
      interests.append(Waiter.Interest(descriptor: interrupt.rawValue))
    }
    report.crossings += 1
    let ready: [Bool]
    do {
      ready = try Waiter.wait(for: interests, timeout: clock.left)
    } catch {
      throw ShmError(failure.attempt, error)
    }
    if options.interrupt != nil, ready.last == true { throw failure.interrupted }
    let first = others.count + (turnsAway ? 1 : 0)
    return Heard(
      peers: own.indices.filter { ready[first + $0] }.map { own[$0] },
      listener: turnsAway && ready[others.count], others: Array(ready[..<others.count]))
  }

  /// Accepts a connection if one is pending. A process of another user is refused. A receiver in excess gets the
  /// message *busy*.
  ///
  /// - Returns: whether a connection was pending.
  @discardableResult
  mutating func accept() throws(ShmError) -> Bool {
    switch try listener.accept(failure.attempt) {
    case .nothing: return false
    case .foreign: return true
    case .receiver(let socket):
      if peers.count >= Self.mostConnected,
        let silent = peers.firstIndex(where: { $0.phase == .connected })
      {
        peers.remove(at: silent)
      }
      peers.append(StreamPeer(socket))
      return true
    }
  }

  /// Handles a message of a receiver during the meeting.
  private mutating func answer(_ peer: StreamPeer) throws(ShmError) {
    var boxes: [OwnedDescriptorBox] = []
    switch (peer.socket.receive(descriptors: &boxes), peer.phase) {
    case (.nothing, _): return
    case (.message(.join), .connected) where boxes.isEmpty: try greet(peer)
    case (.message(.ready(stream)), .greeted): peer.phase = .ready
    case (.failed(let error), _): throw ShmError(failure.attempt, error)
    default:
      // A receiver that disconnects or violates the protocol before the transfer begins is replaced by another.
      peers.removeAll { $0 === peer }
    }
  }

  private mutating func greet(_ peer: StreamPeer) throws(ShmError) {
    let taken = peers.compactMap(\.index)
    guard let index = (0..<options.receivers).first(where: { !taken.contains($0) }) else {
      peer.socket.sendLast(.busy)
      peers.removeAll { $0 === peer }
      return
    }
    let data: WakeEvent
    do {
      data = try WakeEvent()
    } catch {
      throw ShmError(failure.attempt, error)
    }
    let hello = StreamMessage.Hello(
      stream: stream, capacity: UInt64(ring.memory.geometry.capacity),
      dataOffset: UInt64(ring.memory.geometry.dataOffset), index: UInt64(index),
      expected: options.expectedBytes.map { UInt64($0) } ?? .max,
      flags: (options.isWired ? 1 : 0) | (options.hasChecksum ? 2 : 0))
    try peer.socket.send(
      .hello(hello),
      descriptors: [ring.memory.descriptor.raw, data.descriptor.raw, roomEvent.descriptor.raw],
      failure.attempt)
    peer.data = .some(data)
    peer.index = index
    peer.phase = .greeted
    peer.patience.restart()
  }

  /// Refuses receivers that connect while the stream runs.
  mutating func turnAway() {
    do throws(ShmError) {
      while true {
        switch try listener.accept(failure.attempt) {
        case .nothing: return
        case .foreign: break
        case .receiver(let socket):
          if latecomers.count >= Self.mostConnected { tellBusy(latecomers[0]) }
          latecomers.append(StreamPeer(socket))
        }
      }
    } catch {
      // Without a free descriptor, late receivers wait, and the stream continues.
      turnsAway = false
    }
  }

  /// Reads the request of each latecomer, which is a receiver that connects after the stream has started. Then it sends
  /// *busy*. If a request stayed unread, the latecomer would get an error before it could read *busy*.
  ///
  /// - Parameter heard: the peers with a message.
  /// - Returns: the peers of `heard` that are receivers of the stream.
  mutating func answerLatecomers(_ heard: [StreamPeer]) -> [StreamPeer] {
    if latecomers.isEmpty { return heard }
    return heard.filter { peer in
      guard latecomers.contains(where: { $0 === peer }) else { return true }
      tellBusy(peer)
      return false
    }
  }

  private mutating func tellBusy(_ peer: StreamPeer) {
    peer.socket.sendLast(.busy)
    latecomers.removeAll { $0 === peer }
  }
}
