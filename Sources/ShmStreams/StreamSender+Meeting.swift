import ShmCore
import SystemPackage

extension StreamSender {
  /// Takes receivers in until all have mapped the ring, and then begins.
  mutating func meetReceivers() throws(ShmError) {
    do throws(ShmError) {
      try takeReceiversIn()
    } catch {
      abort(error)
      throw error
    }
  }

  private mutating func takeReceiversIn() throws(ShmError) {
    let clock = Deadline(after: options.meetingTimeout)
    var look = Deadline(after: Self.lookAgain)
    while peers.count(where: { $0.phase == .ready }) < options.receivers {
      if let limit = clock.passed {
        let ready = peers.count(where: { $0.phase == .ready })
        throw failure.noMeeting("\(ready) of \(options.receivers) receivers have come", limit)
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
    // Whoever has connected and got no further has no place, and nothing waits for it.
    latecomers += peers.filter { $0.phase != .ready }
    peers.removeAll { $0.phase != .ready }
    try tellAll(.start(stream: stream))
  }

  /// How often a waiting sender looks at its name and at silent receivers.
  private static var lookAgain: Duration { .milliseconds(500) }

  /// How long a receiver that was greeted may take to map the ring. A receiver allows its
  /// sender as much.
  static var handshakeLimit: Duration { .seconds(10) }

  /// Takes the place back from a receiver that was greeted and does not answer: it may have been stopped,
  /// and would keep all others away. It is told so if it goes on.
  private mutating func forgetTheSilent() {
    let isSilent = { (peer: StreamPeer) in peer.phase == .greeted && peer.patience.hasPassed }
    for peer in peers where isSilent(peer) {
      let limit = Clock.text(Self.handshakeLimit)
      peer.socket.part(
        .abort(stream: stream, bytes: 0, reason: "the receiver did not answer in \(limit)"))
    }
    peers.removeAll(where: isSilent)
  }

  /// Binds the name again if somebody has removed or replaced it, or its directory: receivers would not
  /// find this sender, and no list would show it.
  private mutating func renewListener(_ clock: Deadline) throws(ShmError) {
    guard !listener.isReachable else { return }
    // Those who connected before are not lost with the old socket.
    while try accept() {}
    listener = try StreamListener(
      at: place, until: clock, interrupt: options.interrupt, failure.attempt)
  }

  /// So many may be connected in the meeting; with one more the oldest that has said nothing goes.
  private static var mostConnected: Int { 64 }

  /// Waits for anything: which peers, the listener, or one of some other descriptors.
  mutating func listen(
    besides others: [Polling.Interest], _ clock: Deadline
  ) throws(ShmError) -> (peers: [StreamPeer], listener: Bool, others: [Bool]) {
    let own = peers.filter { $0.phase != .done } + latecomers
    var interests = others
    if turnsAway { interests.append(Polling.Interest(descriptor: listener.descriptor.raw)) }
    interests += own.map { Polling.Interest(descriptor: $0.socket.descriptor.raw) }
    if let interrupt = options.interrupt {
      interests.append(Polling.Interest(descriptor: interrupt))
    }
    report.crossings += 1
    let ready = try ShmError.saying(failure.attempt) { () throws(Errno) in
      try Polling.wait(for: interests, timeout: clock.left)
    }
    if options.interrupt != nil, ready.last == true { throw failure.interrupted }
    let first = others.count + (turnsAway ? 1 : 0)
    return (
      own.indices.filter { ready[first + $0] }.map { own[$0] }, turnsAway && ready[others.count],
      Array(ready[..<others.count])
    )
  }

  /// Somebody may have connected. One of another user is turned away; one more than there are places is
  /// told so.
  ///
  /// - Returns: whether somebody had.
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

  /// Goes on with the meeting of one who has said something.
  private mutating func answer(_ peer: StreamPeer) throws(ShmError) {
    var boxes: [OwnedDescriptorBox] = []
    switch (peer.socket.receive(descriptors: &boxes), peer.phase) {
    case (.nothing, _): return
    case (.message(.join), .connected) where boxes.isEmpty: try greet(peer)
    case (.message(.ready(stream)), .greeted): peer.phase = .ready
    case (.failed(let error), _): throw ShmError(failure.attempt, error)
    default:
      // One that goes, or talks nonsense, before the transfer has begun leaves its place to another.
      peers.removeAll { $0 === peer }
    }
  }

  private mutating func greet(_ peer: StreamPeer) throws(ShmError) {
    let taken = peers.compactMap(\.index)
    guard let index = (0..<options.receivers).first(where: { !taken.contains($0) }) else {
      peer.socket.part(.busy)
      peers.removeAll { $0 === peer }
      return
    }
    let data = try ShmError.saying(failure.attempt) { () throws(Errno) in try WakeEvent() }
    let hello = StreamMessage.Hello(
      stream: stream, capacity: UInt64(ring.memory.geometry.capacity),
      dataOffset: UInt64(ring.memory.geometry.dataOffset), index: UInt64(index),
      expected: options.expectedBytes.map { UInt64($0) } ?? .max,
      flags: (options.isWired ? 1 : 0) | (options.hasChecksum ? 2 : 0))
    try peer.socket.send(
      .hello(hello),
      descriptors: [ring.memory.descriptor.raw, data.descriptor.raw, space.descriptor.raw],
      failure.attempt)
    peer.data = .some(data)
    peer.index = index
    peer.phase = .greeted
    peer.patience.restart()
  }

  /// Those who come while the stream runs have no place in it.
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
      // Without a descriptor for those who come they wait, and the stream goes on.
      turnsAway = false
    }
  }

  /// Tells latecomers *busy* as soon as they have asked, so that the connection is closed with nothing
  /// unread and they see no error before it.
  ///
  /// - Parameter heard: who has said something.
  /// - Returns: those of `heard` that take part.
  mutating func answerLatecomers(_ heard: [StreamPeer]) -> [StreamPeer] {
    if latecomers.isEmpty { return heard }
    return heard.filter { peer in
      guard latecomers.contains(where: { $0 === peer }) else { return true }
      tellBusy(peer)
      return false
    }
  }

  private mutating func tellBusy(_ peer: StreamPeer) {
    peer.socket.part(.busy)
    latecomers.removeAll { $0 === peer }
  }
}
