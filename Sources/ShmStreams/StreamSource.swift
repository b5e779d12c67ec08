import CShm
import Glibc
import ShmCore
import SystemPackage

/// The input of a sender: a descriptor of the caller. Reads do not block in the kernel, because messages of the
/// receivers and signals could not be handled then.
struct StreamSource: ~Copyable {
  /// Its number, to be polled.
  let descriptor: CInt
  /// Whether a read can block on another process.
  let mayBlock: Bool
  /// The minimum room for a read, in bytes: the kernel drops the rest of a packet that does not fit.
  let leastRoom: Int
  private let attempt: String
  private var way: Way
  /// The state of a regular file at the start, and the number of bytes read.
  private let state: InputState?
  private var taken = 0

  private enum Way {
    /// It never waits.
    case plain
    /// The kernel is asked, for each read, not to wait. preadv2(2), RWF_NOWAIT
    case asking
    /// Read when poll(2) reports it ready, although the read can still block.
    case trusting
    /// A socket that keeps message boundaries.
    case messages
  }

  /// The largest packet of a pipe in bytes. The writer can request packets with O_DIRECT, which the reader cannot
  /// detect. pipe(2)
  private static var packet: Int { 4096 }

  /// - Parameters:
  ///   - descriptor: the descriptor to read.
  ///   - chunk: the maximum bytes of one read.
  ///   - attempt: the operation, for errors.
  /// - Throws: `ShmError` of kind `inputOutput` if the descriptor is closed.
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

  /// Whether it is a socket that keeps message boundaries.
  var keepsMessages: Bool {
    if case .messages = way { true } else { false }
  }

  /// Reads some bytes into an array.
  ///
  /// - Parameter count: the most bytes to read.
  /// - Returns: the bytes, empty at the end; nil if no bytes are available and the descriptor must be polled.
  /// - Throws: as `read(into:)`.
  mutating func bytes(upTo count: Int) throws(ShmError) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    let read = try unsafe bytes.withUnsafeMutableBufferPointer { (buffer) throws(ShmError) in
      try unsafe self.read(into: UnsafeMutableRawBufferPointer(buffer))
    }
    return read.map { Array(bytes[..<$0]) }
  }

  /// Counts the bytes read of a regular file, and checks at its end that the file has not changed.
  private mutating func counted(_ read: Int) throws(ShmError) -> Int {
    taken += read
    if let state, read == 0 || taken > state.remaining { try state.check(read: taken, attempt) }
    return read
  }

  /// Reads the available bytes.
  ///
  /// - Parameter buffer: the destination.
  /// - Returns: the number of bytes, 0 at the end; nil if no bytes are available and the descriptor must be polled.
  /// - Throws: `ShmError` of kind `inputOutput`, also for a message that does not fit, and for a regular file that
  ///   changed while it was read.
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
            "a message of \(count) bytes exceeds the buffer of \(buffer.count) bytes",
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
