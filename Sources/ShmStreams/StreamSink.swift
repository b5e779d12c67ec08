import CShm
import Glibc
import ShmCore
import SystemPackage

/// What a receiver's bytes go to: a descriptor of the caller's, written without waiting in the kernel,
/// where neither the sender nor a signal would be heard.
struct StreamSink: ~Copyable {
  /// Its number, to be polled.
  let descriptor: CInt
  /// Whether writing may have to wait for somebody else.
  let mayBlock: Bool
  private let attempt: String
  private var way: Way
  /// Of a file in memory.
  private var room: RoomGuard
  /// The terminal, where it was opened once more.
  private var terminal: OwnedDescriptor?

  private enum Way {
    /// It never waits.
    case plain
    /// The kernel is asked, for each write, not to wait. pwritev2(2), RWF_NOWAIT
    case asking
    /// A terminal, which cannot promise that, opened once more so that it does not wait.
    case reopened(CInt)
    /// A terminal that cannot be opened once more: only one byte is sure to have room.
    case bytewise
    /// What has said that it takes something is written to, and may wait all the same.
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
  ///   - head: what is to be written before them; it may be empty.
  ///   - bytes: what is to be written.
  ///   - isReady: whether a poll has said that it takes something.
  /// - Returns: how many bytes it took; nil where it takes none now, and is to be polled.
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
    // The flags of what the caller has open are its own, and the terminal's other users'.
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
