public import ShmCore
import Synchronization

/// The records of a stream as an asynchronous sequence. No thread is blocked while a task waits.
///
/// Only one iteration can read records at a time. The sequence ends with the stream. ``finish()`` then notifies the
/// sender that every record was processed.
///
/// ```swift
/// func total(of receiver: consuming StreamReceiver) async throws -> Int {
///   let records = StreamRecords(receiver) { bytes in bytes.byteCount }
///   var total = 0
///   for try await count in records { total += count }
///   _ = try records.finish()
///   return total
/// }
/// ```
public struct StreamRecords<Element: Sendable>: AsyncSequence, Sendable {
  private let shared: Shared
  private let transform: @Sendable (RawSpan) throws -> Element

  /// Takes ownership of a receiver.
  ///
  /// - Parameters:
  ///   - receiver: a receiver of a stream of records.
  ///   - transform: makes an element of the bytes of a record, which are in the ring. Its error ends the iteration; the
  ///     record counts as consumed.
  public init(
    _ receiver: consuming StreamReceiver, transform: @escaping @Sendable (RawSpan) throws -> Element
  ) {
    shared = Shared(receiver)
    self.transform = transform
  }

  /// Iterates over the records that were not taken yet.
  public func makeAsyncIterator() -> Iterator { Iterator(shared: shared, transform: transform) }

  /// Verifies that all bytes arrived, and notifies the sender. Call it after the records are processed.
  ///
  /// - Returns: a report of the transferred bytes.
  /// - Throws: `ShmError` as ``StreamReceiver/finish()``.
  public func finish() throws(ShmError) -> StreamReport { try shared.finish() }

  /// Aborts the stream and sends the reason to the sender. Without effect after the end of the stream.
  ///
  /// - Parameter reason: the reason in a few words.
  public func abort(reason: String) { shared.abort(reason) }

  /// One iteration.
  public struct Iterator: AsyncIteratorProtocol {
    fileprivate let shared: Shared
    fileprivate let transform: @Sendable (RawSpan) throws -> Element

    /// The next record, transformed; nil at the end of the stream.
    ///
    /// - Throws: `ShmError` as ``StreamReceiver/next()``, `CancellationError` if the task is cancelled while it waits,
    ///   after which the stream is still open, and the error of the transformation.
    public mutating func next() async throws -> Element? {
      while true {
        switch try shared.take(transform) {
        case .element(let element): return element
        case .end: return nil
        case .wait(let descriptor): try await ReadinessThread.shared.wait(for: descriptor)
        }
      }
    }
  }

  /// The receiver, which the copies of the sequence share.
  fileprivate final class Shared: Sendable {
    /// The result of one attempt to read a record.
    enum Step {
      case element(Element)
      case wait(CInt)
      case end
    }

    private let receiver: Mutex<StreamReceiver>

    init(_ receiver: consuming StreamReceiver) { self.receiver = Mutex(receiver) }

    func take(_ transform: (RawSpan) throws -> Element) throws -> Step {
      try receiver.withLock { receiver in
        while true {
          switch try receiver.tryNext() {
          case .record(let record): return .element(try transform(record.bytes))
          case .end: return .end
          case .nothing: break
          }
          if let descriptor = try receiver.prepareToWait() { return .wait(descriptor.rawValue) }
        }
      }
    }

    func finish() throws(ShmError) -> StreamReport {
      try receiver.withLock { receiver throws(ShmError) in try receiver.finish() }
    }

    func abort(_ reason: String) { receiver.withLock { $0.abort(reason: reason) } }
  }
}

extension StreamRecords<[UInt8]> {
  /// Takes ownership of a receiver, and copies each record into an array.
  ///
  /// - Parameter receiver: a receiver of a stream of records.
  public init(_ receiver: consuming StreamReceiver) {
    self.init(receiver) { bytes in unsafe bytes.withUnsafeBytes { unsafe Array($0) } }
  }
}
