import CShm
import Glibc
public import ShmCore
import ShmInspection
import SystemPackage

extension StreamReceiver {
  /// How long a sender that has taken the connection may be silent.
  private static var handshakeLimit: Duration { .seconds(10) }

  /// Waits for the sender of a name, maps its ring, and waits until all receivers have come.
  ///
  /// - Parameters:
  ///   - place: where.
  ///   - options: what this end wants; how the ring is, the sender decides.
  /// - Returns: the receiver, ready to receive.
  /// - Throws: `ShmError`: `timedOut`, `busy` where the stream has its receivers, `incompatible` for a
  ///   sender of another version, `notPermitted` for another user's.
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

  /// Connects as soon as somebody listens.
  private static func connect(
    to place: Rendezvous, _ options: StreamOptions, _ failure: StreamFailure, _ clock: Deadline
  ) throws(ShmError) -> StreamSocket {
    var pause = Duration.milliseconds(1)
    var refusals = 0
    let patience = Deadline(after: impatience)
    while true {
      // To end a watch takes the kernel some 15 ms, which is only worth while for one that waits long.
      // It begins before the name is tried: what comes in between is not missed.
      let isPatient = patience.hasPassed
      let isThere = FileSystem.exists(place.directory)
      let watch = DirectoryWatch(
        of: isPatient ? .file(isThere ? place.path : place.directory) : nil)
      if isPatient, !isThere, FileSystem.exists(place.directory) { continue }
      var answer = Errno.noSuchFileOrDirectory
      // Of another user's, or a link, this throws: nobody can ever be met there.
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
      if let limit = clock.passed { throw failure.noMeeting("no sender has come", limit) }
      let told = answer == .noSuchFileOrDirectory ? watch.raw : nil
      // A name that nobody listens on yet, or any more, tells nothing when that changes.
      try pauseFor(
        min(clock.left ?? Self.lookAgain, told != nil ? Self.lookAgain : pause), told, options,
        failure)
      pause = min(pause * 2, .milliseconds(20))
    }
  }

  /// Whether a sender may answer where this was the answer.
  private static func isToCome(_ answer: Errno) -> Bool {
    switch answer {
    case .noSuchFileOrDirectory, .connectionRefused, .resourceTemporarilyUnavailable, .interrupted:
      true
    default: false
    }
  }

  private static func explain(_ error: Errno, _ failure: StreamFailure) -> ShmError {
    switch error {
    case .notSocket: failure.broken("the name", "belongs to something that is not a socket")
    case .protocolWrongTypeForSocket:
      failure.broken("the name", "belongs to a socket of another program")
    default: ShmError(failure.attempt, error)
    }
  }

  /// So many refusals in a row may be of a place that is being made.
  private static var mostRefusals: Int { 8 }

  /// How long a watch is believed: the name may lead elsewhere meanwhile.
  private static var lookAgain: Duration { .seconds(1) }

  /// How long a sender is looked for without a watch.
  private static var impatience: Duration { .milliseconds(200) }

  private static func pauseFor(
    _ timeout: Duration?, _ watch: CInt?, _ options: StreamOptions, _ failure: StreamFailure
  ) throws(ShmError) {
    let watched = [options.interrupt, watch].compactMap { $0 }
    let ready = try ShmError.saying(failure.attempt) { () throws(Errno) in
      try Polling.wait(for: watched, timeout: timeout)
    }
    if options.interrupt != nil, ready.first == true { throw failure.interrupted }
  }

  /// Waits for the greeting; nil where the sender went before it said anything: another may come.
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
        throw ShmError(.busy, failure.attempt, "the stream has all its receivers")
      case .closed: return nil
      case .cutOff: throw ShmError(failure.attempt, .tooManyOpenFiles)
      case .failed(let error): throw ShmError(failure.attempt, error)
      case .message, .nonsense:
        throw failure.broken("the sender", "does not greet in this version of the protocol")
      case .nothing: break
      }
      if let limit = clock.passed { throw failure.noMeeting("the sender has not greeted", limit) }
      if let limit = silence.passed {
        // One that is stopped is not silent: it goes on some day.
        if ProcessStatus.isStopped(socket.peer) {
          silence.restart()
          continue
        }
        throw failure.noMeeting("the sender has taken the connection and said nothing", limit)
      }
      let left = [clock.left, silence.left].compactMap { $0 }.min()
      try pauseFor(left, socket.descriptor.raw, options, failure)
    }
  }

  /// Waits until the sender says that all have come.
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
        let error = failure.noMeeting("the other receivers have not come", limit)
        abort(error)
        throw error
      }
      try Self.pauseFor(clock.left, socket.descriptor.raw, options, failure)
    }
  }
}
