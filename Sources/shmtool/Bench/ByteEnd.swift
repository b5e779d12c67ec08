import CShmTool
import Glibc
import ShmCore
import SystemPackage

/// A pipe or a socket: bytes without boundaries of messages. read(2), write(2)
final class ByteEnd: BenchEnd {
  private let input: CInt
  private let output: CInt
  private(set) var systemCalls = 0

  /// - Parameters:
  ///   - input: the descriptor that is read; -1 for none.
  ///   - output: the descriptor that is written; -1 for none.
  init(input: CInt, output: CInt) {
    self.input = input
    self.output = output
  }

  func send(_ message: UnsafeRawBufferPointer, count: Int) throws(ShmError) {
    for _ in 0..<count { try unsafe send(message) }
  }

  private func send(_ message: UnsafeRawBufferPointer) throws(ShmError) {
    var done = 0
    while done < message.count {
      done += try call { () throws(Errno) in
        try unsafe OwnedDescriptor.write(
          output, from: UnsafeRawBufferPointer(rebasing: message[done...]))
      }
    }
  }

  func receive(
    into buffer: UnsafeMutableRawBufferPointer, count: Int
  ) throws(ShmError) -> UInt64 {
    var sum: UInt64 = 0
    for _ in 0..<count {
      var done = 0
      while done < buffer.count {
        let read = try call { () throws(Errno) in
          try unsafe OwnedDescriptor.read(
            input, into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]))
        }
        if read == 0 { throw BenchCall.ended }
        done += read
      }
      sum &+= unsafe BenchSum.of(UnsafeRawBufferPointer(buffer))
    }
    return sum
  }

  private func call(_ body: () throws(Errno) -> Int) throws(ShmError) -> Int {
    systemCalls += 1
    return try BenchCall.run(body)
  }
}

/// A POSIX message queue: each message in one call. mq_send(3), mq_receive(3)
final class QueueEnd: BenchEnd {
  private let queue: CInt
  private let buffer: OwnedPages
  private let messageSize: Int
  private(set) var systemCalls = 0
  /// How long to wait for another process whose end the kernel does not report, in seconds.
  static let patience = 20

  /// - Parameters:
  ///   - queue: its descriptor.
  ///   - messageSize: the largest message in bytes; a receive needs as much room.
  /// - Throws: `ShmError` of kind `noSpace` if there is no memory for a message.
  init(_ queue: CInt, messageSize: Int) throws(ShmError) {
    self.queue = queue
    self.messageSize = messageSize
    buffer = try Allocation.pages(messageSize, BenchCall.attempt)
  }

  func send(_ message: UnsafeRawBufferPointer, count: Int) throws(ShmError) {
    for _ in 0..<count {
      _ = try BenchCall.run { () throws(Errno) in
        try SystemCall.checkNegated {
          unsafe cshmtool_queue_send(queue, message.baseAddress, message.count)
        }
      }
    }
    systemCalls += count
  }

  func receive(
    into buffer: UnsafeMutableRawBufferPointer, count: Int
  ) throws(ShmError) -> UInt64 {
    let room = unsafe self.buffer.buffer
    let deadline = Int64(Clock.secondsSince1970 + Self.patience)
    var sum: UInt64 = 0
    for _ in 0..<count {
      let read = try BenchCall.run { () throws(Errno) in
        try SystemCall.checkNegated {
          unsafe cshmtool_queue_receive(queue, room.baseAddress, messageSize, deadline)
        }
      }
      sum &+= unsafe BenchSum.of(UnsafeRawBufferPointer(rebasing: room[..<read]))
    }
    systemCalls += count
    return sum
  }
}
