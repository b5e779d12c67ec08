import CShm
import Glibc
import ShmCore
import SystemPackage

/// The output of a receiver: a descriptor of the caller. Writes do not block in the kernel, because messages of the
/// sender and signals could not be handled then.
struct StreamSink: ~Copyable {
  /// Its number, to be polled.
  let descriptor: CInt
  /// Whether a write can block on another process.
  let mayBlock: Bool
  private let attempt: String
  private var way: Way
  /// Of a file in memory.
  private var room: RoomGuard
  /// The second open file description of a terminal; nil for other sinks.
  private var terminal: OwnedDescriptor?

  private enum Way {
    /// A write never waits.
    case plain
    /// Each write uses RWF_NOWAIT. pwritev2(2)
    case asking
    /// A terminal. It does not support RWF_NOWAIT, so it is reopened in non-blocking mode.
    case reopened(CInt)
    /// A terminal that cannot be opened once more: only one byte is sure to have room.
    case bytewise
    /// Written when poll(2) reports it ready, although the write can still block.
    case trusting
  }

  /// - Throws: `ShmError` of kind `inputOutput` for one that is closed.
  init(_ descriptor: CInt, _ attempt: String) throws(ShmError) {
    mayBlock = try DescriptorKind.mayBlockWriting(descriptor, attempt)
    self.descriptor = descriptor
    self.attempt = attempt
    room = RoomGuard(descriptor, attempt)
    if mayBlock {
      DescriptorKind.enlarge(descriptor)
      way = .asking
    } else {
      way = .plain
    }
  }

  /// Writes some of `bytes`.
  ///
  /// - Parameters:
  ///   - head: the bytes to write before them; it may be empty.
  ///   - bytes: the bytes to write.
  ///   - isReady: whether poll(2) reported the sink ready.
  /// - Returns: the number of written bytes; nil if the sink is not ready and must be polled.
  /// - Throws: `ShmError` of kind `inputOutput`.
  mutating func write(
    _ head: UnsafeRawBufferPointer, _ bytes: UnsafeRawBufferPointer, isReady: Bool
  ) throws(ShmError) -> Int? {
    // Only the usual way takes both at once.
    let next = unsafe head.isEmpty ? bytes : head
    while true {
      let written: Int
      switch way {
      case .plain:
        try room.require(next: next.count)
        return try unsafe DescriptorIO.write(descriptor, next, attempt)
      case .asking:
        written = unsafe cshm_write_now(
          descriptor, head.baseAddress, head.count, bytes.baseAddress, bytes.count)
        if DescriptorKind.cannotPromise(written) {
          reopen()
          continue
        }
      case .reopened(let terminal):
        let count = unsafe Glibc.write(terminal, next.baseAddress, next.count)
        written = count < 0 ? -Int(errno) : count
      case .bytewise:
        guard isReady else { return nil }
        let first = unsafe UnsafeRawBufferPointer(rebasing: next.prefix(1))
        return try unsafe DescriptorIO.write(descriptor, first, attempt)
      case .trusting:
        return isReady ? try unsafe DescriptorIO.write(descriptor, next, attempt) : nil
      }
      if written >= 0 { return written }
      let error = Errno(rawValue: CInt(-written))
      if error == .resourceTemporarilyUnavailable { return nil }
      if error != .interrupted { throw DescriptorIO.explain(error, attempt) }
    }
  }

  private mutating func reopen() {
    guard DescriptorKind.isTerminal(descriptor) else {
      way = .trusting
      return
    }
    // Do not change the flags of the caller's descriptor, which other users of the terminal share.
    if cshm_leads_terminal(descriptor) == 0,
      let opened = try? FileSystem.open(
        FilePath("/proc/self/fd/\(descriptor)"), O_WRONLY | O_NONBLOCK)
    {
      way = .reopened(opened.raw)
      terminal = .some(opened)
    } else {
      way = .bytewise
    }
  }
}
