import Glibc
import ShmCore
import SystemPackage

/// The way bytes get into a region that others may have open: a copy by the kernel into a mapping.
///
/// If another process shrinks the file, write(2) would enlarge it again, and a store into a mapping would raise SIGBUS.
/// This copy throws an error instead. It takes no lock of the file, so threads copy in parallel, each with a separate
/// writer. pread(2) of a `ScratchFile`, process_vm_writev(2) of other memory
///
/// pwrite(2) is used in two cases. The first case is a region under creation, which then needs no page table. Only root
/// can open it, because it has no name, or a mode without permissions. The second case is the last page that an offset
/// can address, because it cannot be mapped.
@safe struct RegionWriter: ~Copyable {
  /// The bytes of the region that are mapped at once. Page tables stay small, and each thread has its own mapping.
  private static let windowSize = 32 << 20

  /// The mapping, its size, and its offset in the region.
  private var window: OwnedPages?
  private var bytes: UnsafeMutableRawBufferPointer
  private var start = 0

  /// The page size of the region, and the size of a mapping, which begins at a multiple of it, in bytes.
  private let pageSize: Int
  private let step: Int
  private let isShared: Bool
  /// Whether other processes can have the region open.
  let isPublished: Bool
  /// The bytes that were written since the last call of `confirm`.
  private(set) var unconfirmed = 0

  /// The writer of one thread.
  ///
  /// - Parameters:
  ///   - region: the region of every write.
  ///   - isShared: whether other processes can have it open.
  /// - Throws: `ShmError`: `inputOutput` if the status of the region cannot be read.
  init(_ region: borrowing Region, isShared: Bool = true) throws(ShmError) {
    let page = try region.status().pageSize
    // hugetlbfs does not support write(2).
    let hasWrite = try region.fileSystem().kind != .hugetlbfs
    window = nil
    unsafe bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    pageSize = page
    // A mapping of huge pages reserves every page in their pool, also pages that are not written.
    step = hasWrite ? max(Self.windowSize, page) : page
    self.isShared = isShared || !hasWrite
    isPublished = isShared
  }

  /// Writes the first `count` bytes of `scratch` at `offset`.
  ///
  /// - Parameters:
  ///   - scratch: the bytes.
  ///   - count: the number of bytes.
  ///   - offset: the destination in the region.
  ///   - region: the region of this writer.
  ///   - zeros: the device of zeros if all bytes are zero. The kernel then clears the pages without a copy.
  /// - Throws: `ShmError`: `inputOutput` if the region ends before the last byte, `noSpace`, `notPermitted`.
  mutating func write(
    _ scratch: borrowing ScratchFile, count: Int, at offset: Int, of region: borrowing Region,
    zeros: CInt? = nil
  ) throws(ShmError) {
    let source = unsafe UnsafeRawBufferPointer(scratch.prefix(count))
    try unsafe write(source, at: offset, of: region) { (done, target) throws(Errno) in
      guard let zeros else { return try unsafe scratch.copy(from: done, to: target) }
      return try SystemCall.check { unsafe read(zeros, target.baseAddress, target.count) }
    }
  }

  /// Writes all of `buffer` at `offset`; else the same.
  mutating func write(
    _ buffer: UnsafeRawBufferPointer, at offset: Int, of region: borrowing Region
  ) throws(ShmError) {
    try unsafe write(buffer, at: offset, of: region) { (done, target) throws(Errno) in
      guard let address = target.baseAddress else { return 0 }
      return try unsafe MemoryCalls.copy(
        UnsafeRawBufferPointer(rebasing: buffer[done..<done + target.count]), to: address)
    }
  }

  /// Fills a range with `copy`, which gets the number of done bytes and the destination of the next bytes. It returns
  /// 0 at the end.
  ///
  /// - Returns: the bytes that `copy` provided.
  /// - Throws: `ShmError`, as the other functions, and the errors of `copy`.
  mutating func fill(
    _ range: Range<Int>, of region: borrowing Region, _ attempt: String,
    copy: (Int, UnsafeMutableRawBufferPointer) throws(Errno) -> Int
  ) throws(ShmError) -> Int {
    let size = try checkedSize(range, of: region, attempt)
    let done = try unsafe fill(range, of: region, size: size, attempt, copy: copy)
    try checkEnd(range.lowerBound + done, of: region, attempt)
    return done
  }

  /// Writes `source` by one of the two methods, and checks the region's size before and after.
  private mutating func write(
    _ source: UnsafeRawBufferPointer, at offset: Int, of region: borrowing Region,
    copy: (Int, UnsafeMutableRawBufferPointer) throws(Errno) -> Int
  ) throws(ShmError) {
    let attempt = "cannot write \(region.quoted)"
    if offset < 0 { throw ShmError(.usage, attempt, "offset \(offset) is negative") }
    let (end, overflow) = offset.addingReportingOverflow(source.count)
    if overflow { throw region.shrunk(attempt, to: try region.currentSize(attempt), wanted: .max) }
    let size = try checkedSize(offset..<end, of: region, attempt)
    if isShared, end <= PageMath.roundDown(Int.max, to: pageSize) {
      let done = try unsafe fill(offset..<end, of: region, size: size, attempt, copy: copy)
      if done < source.count {
        throw ShmError(
          .inputOutput, attempt,
          "the data source ended after \(done) of \(source.count) bytes")
      }
    } else {
      try unsafe put(source, at: offset, of: region, attempt)
    }
    try checkEnd(end, of: region, attempt)
  }

  /// Throws if the region ends before the range does.
  func check(_ range: Range<Int>, of region: borrowing Region) throws(ShmError) {
    _ = try checkedSize(range, of: region, "cannot write \(region.quoted)")
  }

  /// The size of the region, which contains the range.
  private func checkedSize(
    _ range: Range<Int>, of region: borrowing Region, _ attempt: String
  ) throws(ShmError) -> Int {
    let size = try region.currentSize(attempt)
    guard range.upperBound <= size else {
      throw region.shrunk(attempt, to: size, wanted: range.upperBound)
    }
    return size
  }

  /// Writes beyond the new end within the last page cause no error.
  private func checkEnd(
    _ end: Int, of region: borrowing Region, _ attempt: String
  ) throws(ShmError) {
    let size = try region.currentSize(attempt)
    if end > size { throw region.shrunk(attempt, to: size, wanted: end) }
  }

  /// Calls `copy` until the range is full or `copy` returns 0.
  private mutating func fill(
    _ range: Range<Int>, of region: borrowing Region, size: Int, _ attempt: String,
    copy: (Int, UnsafeMutableRawBufferPointer) throws(Errno) -> Int
  ) throws(ShmError) -> Int {
    var done = 0
    var refusals = 0
    while done < range.count {
      let mapped = try unsafe pages(
        at: range.lowerBound + done, of: region, size: size, attempt)
      let target = unsafe UnsafeMutableRawBufferPointer(
        rebasing: mapped.prefix(range.count - done))
      if refusals == 0 { unsafe prepare(target) }
      do throws(Errno) {
        let count = try unsafe copy(done, target)
        if count == 0 { break }
        done += count
        unconfirmed += count
        refusals = 0
      } catch .badAddress {
        let size = try region.currentSize(attempt)
        if range.upperBound > size {
          throw region.shrunk(attempt, to: size, wanted: range.upperBound)
        }
        // Large enough again, or no memory for a hole: the second does not pass.
        refusals += 1
        if refusals == 3 { throw region.explainWrite(.badAddress, attempt) }
      } catch {
        throw ShmError(attempt, error)
      }
    }
    return done
  }

  /// The mapped bytes from `offset` on, one at least.
  private mutating func pages(
    at offset: Int, of region: borrowing Region, size: Int, _ attempt: String
  ) throws(ShmError) -> UnsafeMutableRawBufferPointer {
    if start <= offset, unsafe offset - start < bytes.count {
      return unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[(offset - start)...])
    }
    window = nil
    unsafe bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    start = PageMath.roundDown(offset, to: step)
    let last = PageMath.roundDown(Int.max - start, to: pageSize)
    let length = min(step, PageMath.roundUp(size - start, to: pageSize) ?? last, last)
    let opened: OwnedPages
    do {
      let base = try unsafe MemoryCalls.map(
        at: nil, length: length, protection: PROT_READ | PROT_WRITE, flags: MAP_SHARED,
        descriptor: region.descriptor.raw, offset: start)
      opened = unsafe OwnedPages(adopting: base, length: length)
    } catch {
      // Of ordinary pages a mapping takes addresses, of huge ones memory.
      throw error == .noMemory && pageSize == PageMath.pageSize || error == .permissionDenied
        ? Mapping.explain(error, attempt, length: length, pageSize: pageSize)
        : region.explainWrite(error, attempt, wanted: length)
    }
    // Otherwise munmap(2) marks every page as recently used, which doubles its time.
    try? unsafe MemoryCalls.advise(opened.buffer, MADV_SEQUENTIAL)
    unsafe bytes = opened.buffer
    window = consume opened
    return unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[(offset - start)...])
  }

  /// Maps the pages of `target` in advance. A read fault maps up to 16 existing pages at once. Missing pages need a
  /// write fault. This is only a hint; the copy itself reports errors.
  private func prepare(_ target: UnsafeMutableRawBufferPointer) {
    let page = PageMath.pageSize
    guard target.count > page, let address = target.baseAddress else { return }
    let skew = Int(bitPattern: address) % page
    let range = unsafe UnsafeMutableRawBufferPointer(
      start: address - skew, count: target.count + skew)
    let isThere = unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1) { (byte) in
      unsafe byte.initialize(repeating: 0)
      try? unsafe MemoryCalls.residency(
        of: UnsafeMutableRawBufferPointer(rebasing: range[..<page]), into: byte)
      return unsafe byte[0] & 1 == 1
    }
    try? unsafe MemoryCalls.advise(range, isThere ? MADV_POPULATE_READ : MADV_POPULATE_WRITE)
  }

  /// Resets `unconfirmed`.
  mutating func confirm() { unconfirmed = 0 }

  /// Writes by pwrite(2).
  private mutating func put(
    _ buffer: UnsafeRawBufferPointer, at offset: Int, of region: borrowing Region,
    _ attempt: String
  ) throws(ShmError) {
    var done = 0
    while done < buffer.count {
      do throws(Errno) {
        let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[done...])
        let count = try unsafe region.descriptor.write(rest, at: offset + done)
        done += count
        unconfirmed += count
      } catch {
        throw region.explainWrite(error, attempt)
      }
    }
  }
}
