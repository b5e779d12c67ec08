import ShmCore

/// The signals that end a stream: the peer is notified, everything is cleaned up, and then the signal is raised again.
enum StreamInterruption {
  /// Runs `body` with a descriptor that becomes readable when such a signal comes.
  static func watching(_ body: (Int32) throws -> Void) throws {
    TerminationSignals.ignoreBrokenPipes()
    let signals = try TerminationSignals.taken()
    do {
      try body(signals.descriptor.raw)
    } catch let error as ShmError where error.kind == .interrupted {
      guard let signal = signals.nextNumber() else { throw error }
      throw Interruption(signal: signal)
    }
  }
}
