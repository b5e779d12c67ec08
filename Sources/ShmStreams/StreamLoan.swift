/// Received bytes that are read in place, in the ring.
///
/// A loan is valid until the next call of its receiver. The compiler rejects a second loan at the same time, and a use
/// after the next call. Swift 6.3 does not diagnose a span that is assigned to a variable outside the loop. The next
/// loan, wait or `finish` releases the bytes, and the sender can overwrite them.
///
/// ```swift
/// var receiver = try StreamReceiver.meet(at: Rendezvous("samples"))
/// var sum = 0
/// while let record = try receiver.next() {
///   for index in record.span.indices { sum += Int(record.span[index]) }
/// }
/// let report = try receiver.finish()
/// print("\(report.bytes) bytes, sum \(sum)")
/// ```
public struct StreamLoan: ~Copyable, ~Escapable {
  /// The bytes. They do not change if the sender follows the protocol. Load a number only once if a decision depends
  /// on it.
  public let bytes: RawSpan

  /// The same bytes as elements.
  public var span: Span<UInt8> {
    @_lifetime(copy self)
    get {
      // Any memory is an array of bytes.
      unsafe _overrideLifetime(Span<UInt8>(_bytes: bytes), copying: self)
    }
  }

  @_lifetime(copy bytes)
  init(bytes: RawSpan) {
    self.bytes = bytes
  }
}

/// The result of a call that does not wait for a record.
///
/// ```swift
/// func poll(_ receiver: inout StreamReceiver) throws -> Bool {
///   switch try receiver.tryNext() {
///   case .record(let record): print("\(record.span.count) bytes")
///   case .nothing: print("no record yet")
///   case .end: return false
///   }
///   return true
/// }
/// ```
public enum StreamArrival: ~Copyable, ~Escapable {
  /// A record is available.
  case record(StreamLoan)
  /// No complete record is available yet.
  case nothing
  /// The stream has ended, and all records were consumed.
  case end
}

/// The result of a wait that has a time limit.
///
/// ```swift
/// func poll(_ receiver: inout StreamReceiver) throws {
///   while try receiver.waitForRecord(timeout: .milliseconds(100)) == .timedOut { print("still waiting") }
///   if let record = try receiver.next() { print("\(record.span.count) bytes") }
/// }
/// ```
public enum StreamReadiness: Hashable, Sendable {
  /// The next call does not wait.
  case ready
  /// The time limit expired. The stream stays open.
  case timedOut
  /// The stream has ended, and all bytes were consumed.
  case end
}
