import CShm
import Glibc
public import ShmCore
import SystemPackage

/// Another process's memory, which is copied out of and into by the kernel.
///
/// A pidfd identifies the process, so that another process that gets its number later is not accessed. Access
/// requires permission to ptrace the process. The memory may change during the copy: validate the copy, not the
/// original.
///
/// ```swift
/// let memory = try ProcessMemory(of: 1234)
/// let header = try memory.bytes(at: 0x7f00_0000_0000, count: 64)
/// ```
public struct ProcessMemory: ~Copyable, Sendable {
  /// The process.
  public let process: Int32
  private let watch: ProcessWatch
  /// The maximum bytes of one call, small enough for regular progress reports.
  private static let step = 64 << 20

  /// Takes hold of a process. Whether its memory may be copied is known when it is tried.
  /// pidfd_open(2)
  ///
  /// - Parameter process: its process ID.
  /// - Throws: `ShmError`: `notFound` if the process does not exist.
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
  ///   - address: the start address in that process.
  ///   - buffer: memory of the caller, filled completely. If it maps a file that was truncated, that is an error and
  ///     not a signal.
  ///   - progress: called with the bytes copied so far; false stops.
  /// - Throws: `ProcessMemoryFailure` with the exact number of copied bytes.
  /// - Complexity: linear in the bytes.
  public func read(
    at address: UInt64, into buffer: UnsafeMutableRawBufferPointer,
    progress: (Int) -> Bool = { _ in true }
  ) throws(ProcessMemoryFailure) {
    let piece = try self.piece(at: address, buffer.count)
    try unsafe read([piece], into: buffer, progress: progress)
  }

  /// Copies pieces of the process's memory, one after the other. One system call takes up to 1024 pieces.
  /// process_vm_readv(2)
  ///
  /// - Parameters:
  ///   - pieces: their addresses in that process.
  ///   - buffer: memory of the caller, filled from its start until it is full or the pieces end.
  ///   - progress: called with the bytes copied so far; false stops.
  /// - Returns: the bytes copied.
  /// - Throws: `ProcessMemoryFailure` with the exact number of copied bytes.
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

  /// Copies bytes into writable memory of the process. process_vm_writev(2)
  ///
  /// - Parameters:
  ///   - buffer: the bytes.
  ///   - address: the destination in that process.
  ///   - progress: called with the bytes copied so far; false stops.
  /// - Throws: `ProcessMemoryFailure` with the exact number of copied bytes.
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
  /// - Throws: `ProcessMemoryFailure` with the exact number of copied bytes.
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

  /// Copies bytes out of the process into a span. process_vm_readv(2)
  ///
  /// - Parameters:
  ///   - address: the start address in that process.
  ///   - bytes: memory of the caller, filled completely.
  ///   - progress: called with the bytes copied so far; false stops.
  /// - Throws: `ProcessMemoryFailure` with the exact number of copied bytes.
  /// - Complexity: linear in the bytes.
  public func read(
    at address: UInt64, into bytes: inout MutableRawSpan,
    progress: (Int) -> Bool = { _ in true }
  ) throws(ProcessMemoryFailure) {
    try unsafe bytes.withUnsafeMutableBytes { (buffer) throws(ProcessMemoryFailure) in
      try unsafe read(at: address, into: buffer, progress: progress)
    }
  }

  /// Copies the bytes of a span into writable memory of the process. process_vm_writev(2)
  ///
  /// - Parameters:
  ///   - bytes: the bytes to write.
  ///   - address: the start address in the process.
  ///   - progress: called with the number of bytes copied so far; false stops the copy.
  /// - Throws: `ProcessMemoryFailure` with the exact number of copied bytes.
  /// - Complexity: linear in the bytes.
  public func write(
    _ bytes: RawSpan, at address: UInt64, progress: (Int) -> Bool = { _ in true }
  ) throws(ProcessMemoryFailure) {
    try unsafe bytes.withUnsafeBytes { (buffer) throws(ProcessMemoryFailure) in
      try unsafe write(buffer, at: address, progress: progress)
    }
  }

  /// Copies bytes out of the process into an array.
  ///
  /// - Parameters:
  ///   - address: the start address in that process.
  ///   - count: the number of bytes.
  /// - Returns: the bytes.
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

  /// Whether the process still exists. Its process ID is not reused before.
  var isRunning: Bool { !watch.hasEnded }

  private func piece(
    at address: UInt64, _ count: Int
  ) throws(ProcessMemoryFailure) -> Range<UInt64> {
    let (end, overflow) = address.addingReportingOverflow(UInt64(count))
    if overflow { throw ProcessMemoryFailure(.noAddress, process, address) }
    return address..<end
  }

  /// Calls `call` with the next pieces until all bytes are copied.
  ///
  /// A failed call may have failed at any page of its pieces. The copy is then retried page by page to find the page.
  /// process_vm_readv(2) reports partial transfers only at the granularity of iovec elements.
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
      // Another process may have the process ID by now, and its memory must not be written.
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
      // Bytes read in the meantime may belong to another process.
      guard isRunning else { throw failure(.ended) }
      if copied == 0 { throw failure(.other) }
      cursor.advance(by: copied)
      done += copied
    }
    _ = progress(done)
    return done
  }
}
