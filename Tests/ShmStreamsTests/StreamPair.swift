import ShmCore
import ShmStreams
import ShmTestSupport
import Synchronization

/// Both ends of a stream in one thread. Each call that waits needs the other end to be ready.
struct StreamPair: ~Copyable {
  var sender: StreamSender
  var receiver: StreamReceiver

  /// Connects two ends with a ring of 64 KiB under a unique name.
  init(_ configure: (inout StreamOptions) -> Void = { _ in }) throws {
    var options = StreamOptions()
    options.capacity = 64 << 10
    options.meetingTimeout = .seconds(20)
    options.stallTimeout = .seconds(20)
    configure(&options)
    let settings = options
    let name = TestName("pair").name
    let sender = Mutex<Result<Handover<StreamSender>, ShmError>?>(nil)
    let receiver = Mutex<Result<Handover<StreamReceiver>, ShmError>?>(nil)
    // Each end waits for the other one.
    let next = Atomic<Int>(0)
    Threads.run(2) {
      if next.wrappingAdd(1, ordering: .relaxed).oldValue == 0 {
        let made = Result { () throws(ShmError) in
          try Handover(StreamSender.meet(at: Rendezvous(name), options: settings))
        }
        sender.withLock { $0 = made }
      } else {
        let made = Result { () throws(ShmError) in
          try Handover(StreamReceiver.meet(at: Rendezvous(name), options: settings))
        }
        receiver.withLock { $0 = made }
      }
    } whileWaiting: {
    }
    guard let first = try sender.withLock({ $0 })?.get().take(),
      let second = try receiver.withLock({ $0 })?.get().take()
    else { throw ShmError(.defect, "cannot connect both ends", "a thread did not run") }
    self.sender = first
    self.receiver = second
  }

  /// Receives the records that are available now.
  mutating func taken() throws -> [[UInt8]] {
    var records: [[UInt8]] = []
    while try receiver.waitForRecord(timeout: .zero) == .ready {
      _ = try receiver.receiveRecords { bytes in
        records.append(unsafe bytes.withUnsafeBytes { unsafe Array($0) })
      }
    }
    return records
  }

  /// Finishes both ends. The receiver must have consumed all bytes that were sent.
  ///
  /// - Returns: the bytes that the receiver reports.
  consuming func finish() throws -> Int {
    let sender = Handover(sender)
    let failure = Mutex<ShmError?>(nil)
    let bytes = Mutex<Int?>(nil)
    let receiver = Handover(receiver)
    let next = Atomic<Int>(0)
    Threads.run(2) {
      do throws(ShmError) {
        if next.wrappingAdd(1, ordering: .relaxed).oldValue == 0 {
          guard var sender = sender.take() else { return }
          _ = try sender.finish()
        } else {
          guard var receiver = receiver.take() else { return }
          guard try receiver.nextBytes() == nil else {
            throw ShmError(.defect, "cannot finish", "bytes are left")
          }
          let report = try receiver.finish()
          bytes.withLock { $0 = report.bytes }
        }
      } catch {
        failure.withLock { $0 = error }
      }
    } whileWaiting: {
    }
    if let error = failure.withLock({ $0 }) { throw error }
    return bytes.withLock { $0 } ?? -1
  }
}

/// Moves a value that cannot be copied to another thread or task, once.
final class Handover<Value: ~Copyable & Sendable>: Sendable {
  private let value: Mutex<Value?>

  init(_ value: consuming Value) { self.value = Mutex(.some(value)) }

  func take() -> Value? { value.withLock { $0.take() } }
}
