import Glibc
import ShmCore

/// A method with its processes, ready to be measured: the other process sends, this one receives.
final class TransferSession {
  /// One measurement.
  struct Sample {
    let nanoseconds: Int
    let bytes: Int
    let usage: BenchUsage
    let systemCalls: Int

    var bytesPerSecond: Double { Double(bytes) / (Double(max(nanoseconds, 1)) / 1e9) }
  }

  let method: BenchMethod
  let largestMessage: Int
  /// The receiving end; nil if the other process receives, too.
  private let end: (any BenchEnd)?
  /// Keeps the descriptors open.
  private let channel: BenchChannel
  private let peer: BenchPeer

  init(
    _ method: BenchMethod, _ source: borrowing BenchSource, _ directory: BenchDirectory,
    interrupt: CInt
  ) throws(ShmError) {
    self.method = method
    let size = source.mapping.count
    channel = try BenchChannel(for: method, largest: size)
    largestMessage = min(size, channel.largestMessage ?? size)
    let isCopy = method == .copy
    let part = BenchPart(
      method, isCopy ? .copier : .sender, largest: largestMessage, meetingIn: directory)
    peer = try BenchPeer(part, source, over: channel)
    let address = try peer.control.waitForReady()
    end =
      isCopy
      ? nil
      : try BenchLink.end(
        part.with(.receiver), channel.own.compactMap { $0.number },
        peer: (peer.process, address), interrupt: interrupt)
  }

  /// Transfers messages, and checks that every byte arrived.
  ///
  /// - Parameters:
  ///   - size: the bytes of each message.
  ///   - count: the number of messages.
  ///   - buffer: room for one message.
  ///   - source: the message.
  /// - Returns: what it took of both processes.
  /// - Throws: `ShmError` of kind `damaged` if other bytes arrived, and the errors of the method.
  func measure(
    size: Int, count: Int, into buffer: borrowing OwnedPages, _ source: borrowing BenchSource
  ) throws(ShmError) -> Sample {
    let room = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.buffer[..<size])
    let calls = end?.systemCalls ?? 0
    let before = BenchUsage.current
    let start = Clock.nanoseconds
    try peer.control.send(end == nil ? .receive : .send, size: size, count: count)
    let received = try unsafe end?.receive(into: room, count: count)
    var nanoseconds = Clock.nanoseconds - start
    let usage = BenchUsage.current - before
    let own = (end?.systemCalls ?? 0) - calls
    let answer = try peer.control.answer()
    if end == nil { nanoseconds = Clock.nanoseconds - start }
    let sum = received ?? answer.sum
    let expected = try unsafe source.withMessage(size) { unsafe BenchSum.of($0) }
    guard sum == expected &* UInt64(count) else {
      throw ShmError(
        .damaged, BenchCall.attempt, "other bytes than those sent arrived by \(method.rawValue)")
    }
    return Sample(
      nanoseconds: nanoseconds, bytes: size * count, usage: usage + answer.usage,
      systemCalls: own + answer.systemCalls)
  }
}
