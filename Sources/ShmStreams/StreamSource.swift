import CShm
import Glibc
import ShmCore
import SystemPackage

/// What a sender's bytes come from: a descriptor of the caller's, read without waiting in the kernel,
/// where neither the receivers nor a signal would be heard.
struct StreamSource: ~Copyable {
  /// Its number, to be polled.
  let descriptor: CInt
  /// Whether reading may have to wait for somebody else.
  let mayBlock: Bool
  /// The room that a read must have, in bytes: the kernel drops what it has none for, of a packet.
  let leastRoom: Int
  private let attempt: String
  private var way: Way
  /// What a regular file was at the start, and how many bytes of it were read.
  private let state: InputState?
  private var taken = 0

  private enum Way {
    /// It never waits.
    case plain
    /// The kernel is asked, for each read, not to wait. preadv2(2), RWF_NOWAIT
    case asking
    /// What has said that it has something is read, and may wait all the same.
    case trusting
    /// A socket whose messages have ends.
    case messages
  }

  /// The most that a pipe keeps together, in bytes, where its writer wants that, which its reader cannot
  /// see: O_DIRECT of pipe(2).
  private static var packet: Int { 4096 }

  /// - Parameters:
  ///   - descriptor: what is read.
  ///   - chunk: how much is read at once.
  ///   - attempt: the words for errors.
  /// - Throws: `ShmError` of kind `inputOutput` for one that is closed.
  init(_ descriptor: CInt, chunk: Int, _ attempt: String) throws(ShmError) {
    mayBlock = try DescriptorKind.mayBlockReading(descriptor, attempt)
    self.descriptor = descriptor
    self.attempt = attempt
    state = mayBlock ? nil : InputState(descriptor)
    if !mayBlock {
      (way, leastRoom) = (.plain, 1)
    } else if cshm_keeps_messages(descriptor) != 0 {
      (way, leastRoom) = (.messages, chunk)
    } else {
      DescriptorKind.enlarge(descriptor)
      (way, leastRoom) = (.asking, Self.packet)
    }
  }

  /// Whether it is a socket whose messages have ends.
  var keepsMessages: Bool {
    if case .messages = way { true } else { false }
  }

  /// Reads some bytes into an array.
  ///
  /// - Parameter count: the most bytes to read.
  /// - Returns: the bytes, none at the end; nil if there are none now, and it is to be polled.
  /// - Throws: as `read(into:)`.
  mutating func bytes(upTo count: Int) throws(ShmError) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    let read = try unsafe bytes.withUnsafeMutableBufferPointer { (buffer) throws(ShmError) in
      try unsafe self.read(into: UnsafeMutableRawBufferPointer(buffer))
    }
    return read.map { Array(bytes[..<$0]) }
  }

  /// Counts what was read of a regular file, and looks at its end whether it is the same still.
  private mutating func counted(_ read: Int) throws(ShmError) -> Int {
    taken += read
    if let state, read == 0 || taken > state.remaining { try state.check(read: taken, attempt) }
    return read
  }

  /// Reads what is there.
  ///
  /// - Parameter buffer: where it goes.
  /// - Returns: how many bytes, 0 at the end; nil where there are none now, and it is to be polled.
  /// - Throws: `ShmError` of kind `inputOutput`, also for a message that had no room, and for a regular
  ///   file that was changed while it was read.
  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(ShmError) -> Int? {
    while true {
      let count: Int
      switch way {
      case .plain:
        return try unsafe counted(DescriptorIO.readReady(descriptor, into: buffer, attempt))
      case .trusting:
        return try unsafe DescriptorIO.readReady(descriptor, into: buffer, attempt)
      case .asking:
        count = unsafe cshm_read_now(descriptor, buffer.baseAddress, buffer.count)
        if DescriptorKind.cannotPromise(count) {
          way = .trusting
          continue
        }
      case .messages:
        count = unsafe cshm_receive_message(descriptor, buffer.baseAddress, buffer.count)
        if count > buffer.count {
          throw ShmError(
            .inputOutput, attempt,
            "a message of \(count) bytes has come, and there was room for \(buffer.count)",
            remedy: .enlargeRing)
        }
      }
      if count >= 0 { return count }
      let error = Errno(rawValue: CInt(-count))
      if error == .resourceTemporarilyUnavailable { return nil }
      if error != .interrupted { throw DescriptorIO.explain(error, attempt) }
    }
  }
}
