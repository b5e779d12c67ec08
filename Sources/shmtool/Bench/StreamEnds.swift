import ShmCore
import ShmStreams

/// The sending end of a stream: the message is written in the ring.
final class StreamOutputEnd: BenchEnd {
  /// A message of more bytes is published in pieces, so that the receiver reads one while the next is written.
  static let piece = 256 << 10

  private var sender: StreamSender

  init(_ sender: consuming StreamSender) { self.sender = sender }

  var systemCalls: Int { sender.crossings }

  func send(_ message: UnsafeRawBufferPointer, count: Int) throws(ShmError) {
    let piece = min(message.count, Self.piece)
    for _ in 0..<count {
      var done = 0
      while done < message.count {
        let size = min(piece, message.count - done)
        let part = unsafe UnsafeRawBufferPointer(rebasing: message[done..<done + size])
        try unsafe sender.lend(atLeast: size) { (room, written) throws(ShmError) in
          unsafe room.copyMemory(from: part)
          written = size
        }
        done += size
      }
    }
  }

  func receive(into buffer: UnsafeMutableRawBufferPointer, count: Int) throws(ShmError) -> UInt64 {
    throw ShmError(.defect, BenchCall.attempt, "a sender received")
  }
}

/// The receiving end of a stream: bytes are read in the ring, or copied out of it first.
final class StreamInputEnd: BenchEnd {
  private var receiver: StreamReceiver
  private let isCopying: Bool

  init(_ receiver: consuming StreamReceiver, isCopying: Bool) {
    self.receiver = receiver
    self.isCopying = isCopying
  }

  var systemCalls: Int { receiver.crossings }

  func send(_ message: UnsafeRawBufferPointer, count: Int) throws(ShmError) {
    throw ShmError(.defect, BenchCall.attempt, "a receiver sent")
  }

  func receive(
    into buffer: UnsafeMutableRawBufferPointer, count: Int
  ) throws(ShmError) -> UInt64 {
    try unsafe isCopying
      ? copy(into: buffer, count: count) : read(buffer.count * count, inPiecesOf: buffer.count)
  }

  private func read(_ total: Int, inPiecesOf size: Int) throws(ShmError) -> UInt64 {
    let piece = min(size, StreamOutputEnd.piece)
    var sum: UInt64 = 0
    var rest = total
    while rest > 0 {
      let read = try unsafe receiver.borrow(atLeast: min(piece, rest)) {
        (bytes, consumed) throws(ShmError) in
        consumed = min(bytes.count & ~7, rest)
        sum &+= unsafe BenchSum.of(UnsafeRawBufferPointer(rebasing: bytes[..<consumed]))
        return consumed
      }
      guard let read else { throw BenchCall.ended }
      rest -= read
    }
    return sum
  }

  private func copy(
    into buffer: UnsafeMutableRawBufferPointer, count: Int
  ) throws(ShmError) -> UInt64 {
    var sum: UInt64 = 0
    for _ in 0..<count {
      var done = 0
      while done < buffer.count {
        let room = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
        let copied = try unsafe receiver.borrow { (bytes, consumed) throws(ShmError) in
          consumed = min(bytes.count, room.count)
          unsafe room.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<consumed]))
          return consumed
        }
        guard let copied else { throw BenchCall.ended }
        done += copied
      }
      sum &+= unsafe BenchSum.of(UnsafeRawBufferPointer(buffer))
    }
    return sum
  }
}
