import ShmCore

/// One end of a way between two processes. A send and a receive of the same size and number belong together.
protocol BenchEnd: AnyObject {
  /// The system calls of all transfers so far.
  var systemCalls: Int { get }

  /// Sends a message several times.
  ///
  /// - Parameters:
  ///   - message: the bytes, a multiple of 8.
  ///   - count: how often.
  /// - Throws: `ShmError` if the other process ended, or the kernel refuses.
  func send(_ message: UnsafeRawBufferPointer, count: Int) throws(ShmError)

  /// Receives messages, and reads every byte.
  ///
  /// - Parameters:
  ///   - buffer: of the size of a message, for methods that copy.
  ///   - count: the number of messages.
  /// - Returns: the sum of all words of all messages.
  /// - Throws: `ShmError` if the other process ended, or the kernel refuses.
  func receive(into buffer: UnsafeMutableRawBufferPointer, count: Int) throws(ShmError) -> UInt64
}

/// What the consumer of a message does with it: it reads every byte.
enum BenchSum {
  /// The sum of the words.
  ///
  /// - Parameter bytes: a multiple of 8 bytes.
  /// - Returns: the sum modulo 2^64. It does not depend on how a message is divided.
  static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    // Two sums for each cache line, so that this loop is faster than memory.
    var first = SIMD8<UInt64>()
    var second = SIMD8<UInt64>()
    var offset = 0
    while offset + 128 <= bytes.count {
      unsafe first &+= bytes.loadUnaligned(fromByteOffset: offset, as: SIMD8<UInt64>.self)
      unsafe second &+= bytes.loadUnaligned(fromByteOffset: offset + 64, as: SIMD8<UInt64>.self)
      offset += 128
    }
    var sum = (first &+ second).wrappedSum()
    while offset + 8 <= bytes.count {
      unsafe sum &+= bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      offset += 8
    }
    return sum
  }
}

/// Two ends of one direction each.
final class DuplexEnd: BenchEnd {
  private let output: any BenchEnd
  private let input: any BenchEnd

  init(output: any BenchEnd, input: any BenchEnd) {
    self.output = output
    self.input = input
  }

  var systemCalls: Int { output.systemCalls + input.systemCalls }

  func send(_ message: UnsafeRawBufferPointer, count: Int) throws(ShmError) {
    try unsafe output.send(message, count: count)
  }

  func receive(
    into buffer: UnsafeMutableRawBufferPointer, count: Int
  ) throws(ShmError) -> UInt64 {
    try unsafe input.receive(into: buffer, count: count)
  }
}

/// A copy within this process.
final class LocalCopyEnd: BenchEnd {
  private let source: Mapping
  let systemCalls = 0

  init(source: consuming Mapping) { self.source = source }

  func send(_ message: UnsafeRawBufferPointer, count: Int) {}

  func receive(into buffer: UnsafeMutableRawBufferPointer, count: Int) -> UInt64 {
    var sum: UInt64 = 0
    for _ in 0..<count {
      unsafe source.withUnsafeMutableBytes { bytes in
        unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<buffer.count]))
      }
      sum &+= unsafe BenchSum.of(UnsafeRawBufferPointer(buffer))
    }
    return sum
  }
}
