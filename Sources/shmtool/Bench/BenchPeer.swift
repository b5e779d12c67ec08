import CShmTool
import Glibc
import ShmCore
import SystemPackage

/// The other process of a measurement: a copy of this program, ended with its owner.
final class BenchPeer {
  let process: pid_t
  let control: BenchControl
  private var child: ChildProcess?

  /// Starts it.
  ///
  /// - Parameters:
  ///   - part: what it does.
  ///   - source: the message.
  ///   - channel: what connects the two processes.
  /// - Throws: `ShmError` if it cannot be started.
  init(
    _ part: BenchPart, _ source: borrowing BenchSource, over channel: BenchChannel
  ) throws(ShmError) {
    let attempt = "cannot start the other process of the measurement"
    var ends: [CInt] = [-1, -1]
    do {
      _ = try SystemCall.checkNegated { unsafe cshmtool_socket_pair(&ends) }
    } catch {
      throw ShmError(attempt, error)
    }
    control = BenchControl(OwnedDescriptor(adopting: ends[0]))
    let inherited = OwnedDescriptor(adopting: ends[1])
    let child = try ChildProcess(
      [
        ProcessArguments.all.first ?? Array("shmtool".utf8), Array("bench".utf8),
        Array("--peer=\(part.word)".utf8),
      ],
      executable: "/proc/self/exe", attempt: attempt,
      descriptors: [inherited.raw, source.region.rawDescriptor]
        + channel.peer.compactMap { $0.number },
      newGroup: true, closesOthers: true)
    process = child.identifier
    self.child = consume child
  }

  deinit {
    control.shutDown()
    if let child = child.take() { child.end() }
  }

  // MARK: The other process

  /// The descriptors that it inherits, from this one on: the control, the source, the channel.
  private static let first: CInt = 3
  /// The region of the message.
  static let source = first + 1

  /// Does what a word of the command line says, until the process that started this one closes the control.
  static func serve(_ word: String) throws {
    guard let part = BenchPart(word: word) else {
      throw ShmError(.usage, BenchCall.attempt, "'\(word)' is not a part of a measurement")
    }
    try DescriptorIO.checkOpen(first, BenchCall.attempt)
    _ = try BenchCall.run { () throws(Errno) in
      try SystemCall.checkNegated { cshmtool_end_with_parent(part.starter) }
    }
    // A stream that is interrupted before its ends have met removes its name.
    guard part.method.waiting != nil else { return try serve(part, interrupt: nil) }
    try StreamInterruption.watching { try serve(part, interrupt: $0) }
  }

  private static func serve(_ part: BenchPart, interrupt: CInt?) throws(ShmError) {
    if part.role.hasProcessor { _ = BenchProcessor.keep(.last) }
    let control = BenchControl(OwnedDescriptor(adopting: first))
    let source = try BenchSource(descriptor: Self.source)
    try control.sendReady(address: source.mapping.address)
    let rest = (Self.source + 1..<first + 8).filter { OwnedDescriptor.isOpen($0) }
    let end = try BenchLink.end(part, rest, interrupt: interrupt)
    let buffer = try Allocation.pages(part.largest, BenchCall.attempt)
    while let next = try control.nextTask() {
      let before = BenchUsage.current
      let calls = end.systemCalls
      var answer = BenchControl.Answer()
      answer.sum = try unsafe source.withMessage(min(next.size, source.mapping.count)) {
        (message) throws(ShmError) in
        let room = unsafe UnsafeMutableRawBufferPointer(
          rebasing: buffer.buffer[..<min(next.size, part.largest)])
        switch next.task {
        case .send:
          try unsafe end.send(message, count: next.count)
          return 0
        case .receive:
          return try unsafe end.receive(into: room, count: next.count)
        case .echo:
          var sum: UInt64 = 0
          for _ in 0..<next.count {
            sum &+= try unsafe end.receive(into: room, count: 1)
            try unsafe end.send(message, count: 1)
          }
          return sum
        }
      }
      answer.systemCalls = end.systemCalls - calls
      answer.usage = BenchUsage.current - before
      try control.send(answer)
    }
  }
}
