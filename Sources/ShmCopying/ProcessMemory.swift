import CShm
import Glibc
public import ShmCore
import SystemPackage

/// Another process's memory, which is copied out of and into by the kernel.
///
/// The process is held by a descriptor, so that its number is not taken for another's when it has
/// ended. The kernel allows it to whom it allows to trace the process. What is there may change while
/// it is copied: check the copy, and never the original.
///
/// ```swift
/// let memory = try ProcessMemory(of: 1234)
/// let header = try memory.bytes(at: 0x7f00_0000_0000, count: 64)
/// ```
public struct ProcessMemory: ~Copyable {
  /// The process.
  public let process: Int32
  private let watch: ProcessWatch
  /// What one call copies at the most, in bytes: short enough to tell how far it is.
  private static let step = 64 << 20

  /// Takes hold of a process. Whether its memory may be copied is known when it is tried.
  /// pidfd_open(2)
  ///
  /// - Parameter process: its number.
  /// - Throws: `ShmError`: `notFound` where there is no such process.
  public init(of process: Int32) throws(ShmError) {
    do {
      watch = try ProcessWatch(process)
    } catch {
      throw error.worded(attempt: "cannot copy the memory of process \(process)")
    }
    self.process = process
  }

  /// Copies bytes out of the process. process_vm_readv(2)
  ///
  /// - Parameters:
  ///   - address: where they begin in that process.
  ///   - buffer: memory of the caller's, filled from its start to its end. Where it is mapped and has
  ///     become shorter, that is an error and no signal.
  ///   - progress: called with the bytes copied so far; false stops.
  /// - Throws: `ProcessMemoryFailure`, which says how far it came, exactly.
  /// - Complexity: linear in the bytes.
  public func read(
    at address: UInt64, into buffer: UnsafeMutableRawBufferPointer,
    progress: (Int) -> Bool = { _ in true }
  ) throws(ProcessMemoryFailure) {
    let piece = try self.piece(at: address, buffer.count)
    try unsafe read([piece], into: buffer, progress: progress)
  }

  /// Copies pieces of the process's memory, one behind the other; as many as there are, of which one
  /// call takes 1024. process_vm_readv(2)
  ///
  /// - Parameters:
  ///   - pieces: their addresses in that process.
  ///   - buffer: memory of the caller's, filled from its start until it is full or the pieces end.
  ///   - progress: called with the bytes copied so far; false stops.
  /// - Returns: the bytes copied.
  /// - Throws: `ProcessMemoryFailure`, which says how far it came, exactly.
  /// - Complexity: linear in the bytes and in the pieces.
  @discardableResult
  public func read(
    _ pieces: [Range<UInt64>], into buffer: UnsafeMutableRawBufferPointer,
    progress: (Int) -> Bool = { _ in true }
  ) throws(ProcessMemoryFailure) -> Int {
    try transfer(
      pieces, count: buffer.count, localAddress: UInt(bitPattern: buffer.baseAddress),
      isWrite: false, progress: progress
    ) { (range, batch) throws(Errno) in
      let target = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[range])
      return try unsafe ProcessCalls.read(process, batch, into: target)
    }
  }

  /// Copies bytes into the process, where it has memory that it may write. process_vm_writev(2)
  ///
  /// - Parameters:
  ///   - buffer: the bytes.
  ///   - address: where they go in that process.
  ///   - progress: called with the bytes copied so far; false stops.
  /// - Throws: `ProcessMemoryFailure`, which says how far it came, exactly.
  /// - Complexity: linear in the bytes.
  public func write(
    _ buffer: UnsafeRawBufferPointer, at address: UInt64,
    progress: (Int) -> Bool = { _ in true }
  ) throws(ProcessMemoryFailure) {
    let piece = try self.piece(at: address, buffer.count)
    try unsafe write(buffer, to: [piece], progress: progress)
  }

  /// Copies bytes to pieces of the process's memory, one after the other. process_vm_writev(2)
  ///
  /// - Parameters:
  ///   - buffer: the bytes, copied until they or the pieces end.
  ///   - pieces: addresses in that process.
  ///   - progress: called with the bytes copied so far; false stops.
  /// - Returns: the bytes copied.
  /// - Throws: `ProcessMemoryFailure`, which says how far it came, exactly.
  /// - Complexity: linear in the bytes and in the pieces.
  @discardableResult
  public func write(
    _ buffer: UnsafeRawBufferPointer, to pieces: [Range<UInt64>],
    progress: (Int) -> Bool = { _ in true }
  ) throws(ProcessMemoryFailure) -> Int {
    try transfer(
      pieces, count: buffer.count, localAddress: UInt(bitPattern: buffer.baseAddress),
      isWrite: true, progress: progress
    ) { (range, batch) throws(Errno) in
      let source = unsafe UnsafeRawBufferPointer(rebasing: buffer[range])
      return try unsafe ProcessCalls.write(process, batch, from: source)
    }
  }

  /// Copies bytes out of the process into an array.
  ///
  /// - Parameters:
  ///   - address: where they begin in that process.
  ///   - count: how many.
  /// - Returns: all of them.
  /// - Throws: `ProcessMemoryFailure`
  /// - Complexity: linear in the bytes.
  public func bytes(at address: UInt64, count: Int) throws(ProcessMemoryFailure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: max(0, count))
    try unsafe bytes.withUnsafeMutableBufferPointer {
      (buffer) throws(ProcessMemoryFailure) -> Void in
      try unsafe read(at: address, into: UnsafeMutableRawBufferPointer(buffer))
    }
    return bytes
  }

  /// Whether the process runs: until it has ended its number is its own.
  var isRunning: Bool { !watch.hasEnded }

  private func piece(
    at address: UInt64, _ count: Int
  ) throws(ProcessMemoryFailure) -> Range<UInt64> {
    let (end, overflow) = address.addingReportingOverflow(UInt64(count))
    if overflow { throw ProcessMemoryFailure(.noAddress, process, address) }
    return address..<end
  }

  /// Calls `call` with what to copy next, until all is copied.
  ///
  /// A call that fails may have failed at any page of what it was given, so the same is tried again
  /// page by page until the one is found: manual and kernel promise no more than a piece's edge.
  private func transfer(
    _ pieces: [Range<UInt64>], count: Int, localAddress: UInt, isWrite: Bool,
    progress: (Int) -> Bool, call: (Range<Int>, [cshm_piece]) throws(Errno) -> Int
  ) throws(ProcessMemoryFailure) -> Int {
    var cursor = PieceCursor(pieces)
    var done = 0
    var byPagesUntil = 0
    func failure(
      _ cause: ProcessMemoryFailure.Cause, _ error: Errno? = nil
    ) -> ProcessMemoryFailure {
      ProcessMemoryFailure(
        cause, process, cursor.address, copied: done, errorNumber: error?.rawValue)
    }
    while done < count {
      guard progress(done) else { throw failure(.stopped) }
      let page = min(
        cursor.bytesToPageEnd, PageMath.bytesToPageEnd(localAddress &+ UInt(done)))
      let isPage = done < byPagesUntil
      let batch = cursor.batch(of: min(isPage ? page : Self.step, count - done))
      if batch.bytes == 0 { break }
      // The number may be another process's by now, and that one's memory is not to be written.
      guard isRunning else { throw failure(.ended) }
      let copied: Int
      do throws(Errno) {
        copied = try call(done..<done + batch.bytes, batch.pieces)
      } catch .badAddress where !isPage && batch.bytes > page {
        byPagesUntil = done + batch.bytes
        continue
      } catch {
        guard isRunning else { throw failure(.ended) }
        let cause = cause(of: error, at: cursor.address, isWrite: isWrite)
        throw failure(cause, error)
      }
      // And what was read in the meantime may be another's.
      guard isRunning else { throw failure(.ended) }
      if copied == 0 { throw failure(.other) }
      cursor.advance(by: copied)
      done += copied
    }
    _ = progress(done)
    return done
  }
}
