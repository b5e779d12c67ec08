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
    let clock = StreamClock(options.meetingTimeout)
    while peers.count(where: { $0.phase == .ready }) < options.receivers {
      if let limit = clock.passed {
        let ready = peers.count(where: { $0.phase == .ready })
        throw failure.noMeeting("\(ready) of \(options.receivers) receivers have come", limit)
      }
      let heard = try listen(besides: [], clock)
      if heard.listener { try accept() }
      for peer in heard.peers { try answer(peer) }
    }
    // Whoever has connected and got no further has no place, and nothing waits for it.
    for peer in peers where peer.phase != .ready { peer.socket.part(.busy) }
    peers.removeAll { $0.phase != .ready }
    try tellAll(.start(stream: stream))
  }

  /// So many may be connected in the meeting; with one more the oldest that has said nothing goes.
  private static var mostConnected: Int { 64 }

  /// Waits for anything: which peers, the listener, or one of some other descriptors.
  mutating func listen(
    besides others: [Polling.Interest], _ clock: StreamClock
  ) throws(ShmError) -> (peers: [StreamPeer], listener: Bool, others: [Bool]) {
    let own = peers.filter { $0.phase != .done }
    var interests = others
    if turnsAway { interests.append(Polling.Interest(descriptor: listener.descriptor.raw)) }
    interests += own.map { Polling.Interest(descriptor: $0.socket.descriptor.raw) }
    if let interrupt = options.interrupt {
      interests.append(Polling.Interest(descriptor: interrupt))
    }
    report.crossings += 1
    let ready = try ShmError.saying(failure.attempt) { () throws(Errno) in
      try Polling.wait(for: interests, milliseconds: clock.left)
    }
    if options.interrupt != nil, ready.last == true { throw failure.interrupted }
    let first = others.count + (turnsAway ? 1 : 0)
    return (
      own.indices.filter { ready[first + $0] }.map { own[$0] }, turnsAway && ready[others.count],
      Array(ready[..<others.count])
    )
  }

  /// Somebody has connected. One of another user is turned away; one more than there are places is
  /// told so.
  mutating func accept() throws(ShmError) {
    let socket: StreamSocket?
    do throws(ShmError) {
      socket = try listener.accept(failure.attempt)
    } catch {
      guard error.code == .notPermitted else { throw error }
      return
    }
    guard let socket else { return }
    if peers.count >= Self.mostConnected,
      let silent = peers.firstIndex(where: { $0.phase == .connected })
    {
      peers.remove(at: silent)
    }
    peers.append(StreamPeer(socket))
  }

  /// Goes on with the meeting of one who has said something.
  private mutating func answer(_ peer: StreamPeer) throws(ShmError) {
    var boxes: [OwnedDescriptorBox] = []
    switch (peer.socket.receive(descriptors: &boxes), peer.phase) {
    case (.nothing, _): return
    case (.message(.join), .connected) where boxes.isEmpty: try greet(peer)
    case (.message(.ready(stream)), .greeted): peer.phase = .ready
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
  }

  /// Those who come while the stream runs have no place in it.
  mutating func turnAway() {
    do throws(ShmError) {
      while let socket = try listener.accept(failure.attempt) { socket.part(.busy) }
    } catch {
      // Without a descriptor for those who come they wait, and the stream goes on.
      if error.code != .notPermitted { turnsAway = false }
    }
  }
}
