import Glibc
import ShmCore
import SystemPackage

/// Four words at a time between the two processes of a measurement, beside what is measured.
struct BenchControl: ~Copyable {
  /// What the other process is to do.
  enum Task: Int {
    /// Send messages: their size and number.
    case send
    /// Receive messages: their size and number.
    case receive
    /// Receive each message, and send it back: their size and number.
    case echo
  }

  /// What it took.
  struct Answer {
    /// The sum of the received words.
    var sum: UInt64 = 0
    var systemCalls = 0
    var usage = BenchUsage()
  }

  private static let words = 4

  private let descriptor: OwnedDescriptor

  init(_ descriptor: consuming OwnedDescriptor) { self.descriptor = descriptor }

  /// Lets the other process end. shutdown(2)
  func shutDown() { shutdown(descriptor.raw, CInt(SHUT_RDWR)) }

  func send(_ task: Task, size: Int, count: Int) throws(ShmError) {
    try write([task.rawValue, size, count, 0])
  }

  /// The next task; nil if the other process is gone.
  func nextTask() throws(ShmError) -> (task: Task, size: Int, count: Int)? {
    guard let words = try read() else { return nil }
    guard let task = Task(rawValue: words[0]), words[1] > 0, words[2] > 0 else {
      throw ShmError(.damaged, BenchCall.attempt, "no such task")
    }
    return (task, words[1], words[2])
  }

  /// Says that this process is set up, and where its message lies.
  func sendReady(address: UInt) throws(ShmError) { try write([Int(bitPattern: address), 0, 0, 0]) }

  /// Waits until the other process is set up, and returns the address of its message.
  func waitForReady() throws(ShmError) -> UInt64 {
    guard let words = try read() else { throw BenchCall.ended }
    return UInt64(UInt(bitPattern: words[0]))
  }

  func send(_ answer: Answer) throws(ShmError) {
    try write([
      Int(truncatingIfNeeded: answer.sum), answer.systemCalls, answer.usage.nanoseconds,
      answer.usage.contextSwitches,
    ])
  }

  func answer() throws(ShmError) -> Answer {
    guard let words = try read() else { throw BenchCall.ended }
    return Answer(
      sum: UInt64(truncatingIfNeeded: words[0]), systemCalls: words[1],
      usage: BenchUsage(nanoseconds: words[2], contextSwitches: words[3]))
  }

  private func write(_ words: [Int]) throws(ShmError) {
    try unsafe words.withUnsafeBufferPointer { (buffer) throws(ShmError) in
      // A message of this size is never written in part.
      _ = try BenchCall.run { () throws(Errno) in
        try unsafe OwnedDescriptor.write(descriptor.raw, from: UnsafeRawBufferPointer(buffer))
      }
    }
  }

  private func read() throws(ShmError) -> [Int]? {
    var words = [Int](repeating: 0, count: Self.words)
    let isWhole = try unsafe words.withUnsafeMutableBufferPointer { (buffer) throws(ShmError) in
      let bytes = UnsafeMutableRawBufferPointer(buffer)
      var done = 0
      while done < bytes.count {
        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[done...])
        let count: Int
        do throws(Errno) {
          count = try unsafe descriptor.read(into: rest)
        } catch .connectionReset {
          return false
        } catch {
          throw ShmError(BenchCall.attempt, error)
        }
        if count == 0 { return false }
        done += count
      }
      return true
    }
    return isWhole ? words : nil
  }
}
