import CShm
import Glibc
public import ShmCore
import ShmInspection
import SystemPackage

extension StreamReceiver {
  /// The time limit for the first message of a sender that accepted the connection.
  private static var handshakeLimit: Duration { .seconds(10) }

  /// Waits for the sender of a stream, maps its ring, and waits until all receivers are connected.
  ///
  /// - Parameters:
  ///   - place: the name and directory of the stream.
  ///   - options: the options of this end. The sender determines the options of the ring.
  /// - Returns: the receiver, ready to receive.
  /// - Throws: `ShmError`: `timedOut`, `busy` if the stream already has all its receivers, `incompatible` for a
  ///   sender of another version, `notPermitted` for a sender of another user.
  public static func meet(
    at place: Rendezvous, options: StreamOptions = StreamOptions()
  ) throws(ShmError) -> StreamReceiver {
    let failure = StreamFailure(attempt: "cannot receive \(place.name.quoted)")
    let clock = Deadline(after: options.meetingTimeout)
    while true {
      let socket = try connect(to: place, options, failure, clock)
      try socket.send(.join, failure.attempt)
      guard var receiver = try greet(socket, options, failure, clock) else { continue }
      try receiver.waitForStart(clock)
      return receiver
    }
  }

  /// Connects as soon as a sender listens.
  private static func connect(
    to place: Rendezvous, _ options: StreamOptions, _ failure: StreamFailure, _ clock: Deadline
  ) throws(ShmError) -> StreamSocket {
    var pause = Duration.milliseconds(1)
    var refusals = 0
    let patience = Deadline(after: impatience)
    while true {
      // Closing a watch takes about 15 ms, so a watch is only used for a long wait. It starts before the name is
      // tried, so that no event is missed.
      let isPatient = patience.hasPassed
      let isThere = FileSystem.exists(place.directory)
      let watch = DirectoryWatch(
        of: isPatient ? .file(isThere ? place.path : place.directory) : nil)
      if isPatient, !isThere, FileSystem.exists(place.directory) { continue }
      var answer = Errno.noSuchFileOrDirectory
      // Throws if the directory belongs to another user or is a link, because no sender can ever listen there.
      if let directory = try place.openDirectory(failure.attempt) {
        switch directory.ask(place.name) {
        case .connected(let connection):
          return try StreamSocket(checking: connection, failure.attempt)
        case .refused(let error): answer = error
        }
      }
      // Under a umask that takes its owner's rights a socket of an earlier version gets them a moment later.
      refusals = answer == .permissionDenied ? refusals + 1 : 0
      guard Self.isToCome(answer) || (1...mostRefusals).contains(refusals) else {
        throw Self.explain(answer, failure)
      }
      if let limit = clock.passed {
        throw failure.noMeeting("no sender connected", limit, remedy: place.meetingRemedy)
      }
      let watched = answer == .noSuchFileOrDirectory ? watch.raw : nil
      // The kernel sends no event when a process starts to listen on an existing name.
      try pauseFor(
        min(clock.left ?? Self.lookAgain, watched != nil ? Self.lookAgain : pause), watched,
        options,
        failure)
      pause = min(pause * 2, .milliseconds(20))
    }
  }

  /// Whether a later attempt can succeed after this error.
  private static func isToCome(_ answer: Errno) -> Bool {
    switch answer {
    case .noSuchFileOrDirectory, .connectionRefused, .resourceTemporarilyUnavailable, .interrupted:
      true
    default: false
    }
  }

  private static func explain(_ error: Errno, _ failure: StreamFailure) -> ShmError {
    switch error {
    case .notSocket: failure.broken("the name", "refers to a file that is not a socket")
    case .protocolWrongTypeForSocket:
      failure.broken("the name", "refers to a socket of another program")
    default: ShmError(failure.attempt, error)
    }
  }

  /// The number of consecutive refusals that can occur while a sender creates the directory.
  private static var mostRefusals: Int { 8 }

  /// The time between two lookups of a watched name: the path may lead to another directory.
  private static var lookAgain: Duration { .seconds(1) }

  /// The time of polling before a watch is used.
  private static var impatience: Duration { .milliseconds(200) }

  private static func pauseFor(
    _ timeout: Duration?, _ watch: CInt?, _ options: StreamOptions, _ failure: StreamFailure
  ) throws(ShmError) {
    let watched = [options.interrupt?.rawValue, watch].compactMap { $0 }
    let ready: [Bool]
    do {
      ready = try Waiter.wait(for: watched, timeout: timeout)
    } catch {
      throw ShmError(failure.attempt, error)
    }
    if options.interrupt != nil, ready.first == true { throw failure.interrupted }
  }

  /// Waits for the greeting; nil if the sender closed the connection before it. Another sender may follow.
  private static func greet(
    _ socket: consuming StreamSocket, _ options: StreamOptions, _ failure: StreamFailure,
    _ clock: Deadline
  ) throws(ShmError) -> StreamReceiver? {
    var silence = Deadline(after: handshakeLimit)
    while true {
      var boxes: [OwnedDescriptorBox] = []
      switch socket.receive(descriptors: &boxes) {
      case .message(.hello(let hello)):
        let receiver = try StreamReceiver(socket, hello, boxes, options, failure)
        try receiver.socket.send(.ready(stream: hello.stream), failure.attempt)
        return receiver
      case .message(.abort(_, _, let reason)): throw failure.aborted("the sender", reason)
      case .message(.busy):
        throw ShmError(.busy, failure.attempt, "the stream already has all its receivers")
      case .closed: return nil
      case .cutOff: throw ShmError(failure.attempt, .tooManyOpenFiles)
      case .failed(let error): throw ShmError(failure.attempt, error)
      case .message, .nonsense:
        throw failure.broken("the sender", "sent no greeting of this protocol version")
      case .nothing: break
      }
      if let limit = clock.passed { throw failure.noMeeting("the sender sent no greeting", limit) }
      if let limit = silence.passed {
        // The limit does not apply to a stopped sender, which may continue later.
        if ProcessStatus.isStopped(socket.peer) {
          silence.restart()
          continue
        }
        throw failure.noMeeting("the sender accepted the connection but sent no message", limit)
      }
      let left = [clock.left, silence.left].compactMap { $0 }.min()
      try pauseFor(left, socket.descriptor.raw, options, failure)
    }
  }

  /// Waits until the sender reports that all receivers have connected.
  private mutating func waitForStart(_ clock: Deadline) throws(ShmError) {
    while true {
      switch socket.receive() {
      case .message(.start(hello.stream)): return
      case .message(.abort(hello.stream, _, let reason)):
        throw failure.aborted("the sender", reason)
      case .closed: throw failure.peerDied("the sender", socket.peer, after: 0)
      case .failed(let error): throw ShmError(failure.attempt, error)
      case .message, .nonsense, .cutOff:
        throw failure.broken("the sender", "sent an unexpected message")
      case .nothing: break
      }
      if let limit = clock.passed {
        let error = failure.noMeeting("not all of the other receivers connected", limit)
        throw aborting(because: error)
      }
      try Self.pauseFor(clock.left, socket.descriptor.raw, options, failure)
    }
  }
}
