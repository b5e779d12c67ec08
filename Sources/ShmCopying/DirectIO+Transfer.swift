import CShm
import Glibc
public import ShmCore
import SystemPackage

extension DirectIO {
  /// Reads bytes into a region's pages.
  ///
  /// - Parameters:
  ///   - offset: the offset in the file, in bytes.
  ///   - count: the number of bytes, not 0.
  ///   - region: open for reading and writing.
  ///   - place: the offset in the region, in bytes.
  ///   - progress: called with the bytes read so far.
  /// - Returns: how it was done.
  /// - Throws: `Failure` with the error and the number of copied bytes. The error is `limit` if the memlock limit
  ///   refuses to wire the pages of one request. It is `inputOutput` if the file or the region is too short.
  ///   Other errors come from the device.
  /// - Complexity: linear in the bytes.
  @discardableResult
  public func read(
    at offset: Int, count: Int, into region: borrowing Region, at place: Int,
    progress: (Int) -> Void = { _ in }
  ) throws(Failure) -> Method {
    var copied = 0
    do {
      return try transfer(
        at: offset, count: count, into: region, at: place, copied: &copied, progress: progress)
    } catch {
      throw Failure(error: error, copied: copied)
    }
  }

  // Transfers the bytes, and sets `copied` to the number of bytes that were copied without a gap, also after a failure.
  func transfer(
    at offset: Int, count: Int, into region: borrowing Region, at place: Int,
    copied: inout Int, progress: (Int) -> Void
  ) throws(ShmError) -> Method {
    try transfer(
      offset, count, region, place, isWrite: false, "cannot read \(name) into \(region.quoted)",
      &copied, progress)
  }

  /// Writes bytes of a region to the file, directly from the pages of the region. Holes of the region get memory.
  ///
  /// - Parameters:
  ///   - offset: the offset in the file, in bytes.
  ///   - count: the number of bytes, not 0.
  ///   - region: open for reading.
  ///   - place: the offset in the region, in bytes.
  ///   - progress: called with the bytes written so far.
  /// - Returns: how it was done.
  /// - Throws: `Failure` with the error and the number of copied bytes. The error is `limit` if the memlock limit
  ///   refuses to wire the pages of one request. It is `inputOutput` if the region is too short or no space is left.
  ///   Other errors come from the device.
  /// - Complexity: linear in the bytes.
  @discardableResult
  public func write(
    at offset: Int, count: Int, from region: borrowing Region, at place: Int,
    progress: (Int) -> Void = { _ in }
  ) throws(Failure) -> Method {
    var copied = 0
    do {
      return try transfer(
        at: offset, count: count, from: region, at: place, copied: &copied, progress: progress)
    } catch {
      throw Failure(error: error, copied: copied)
    }
  }

  // The same transfer. Sets `copied` to the number of bytes that were copied without a gap, also after a failure.
  func transfer(
    at offset: Int, count: Int, from region: borrowing Region, at place: Int,
    copied: inout Int, progress: (Int) -> Void
  ) throws(ShmError) -> Method {
    try transfer(
      offset, count, region, place, isWrite: true, "cannot write \(name) from \(region.quoted)",
      &copied, progress)
  }

  /// Works the range off, in requests that begin on blocks of the file.
  private func transfer(
    _ offset: Int, _ count: Int, _ region: borrowing Region, _ place: Int, isWrite: Bool,
    _ attempt: String, _ copied: inout Int, _ progress: (Int) -> Void
  ) throws(ShmError) -> Method {
    let (end, overflow) = offset.addingReportingOverflow(count)
    guard offset >= 0, count > 0, !overflow else {
      throw ShmError(.usage, attempt, "\(count) bytes at \(offset) is not a valid range")
    }
    _ = try region.checked(place..<place + count, attempt)
    if isWrite { try reserve(offset..<end, attempt) }
    let isIntoPages = (offset - place) % blockSize == 0
    let method = method(isIntoPages: isIntoPages)
    let request = DirectRequest(
      direct: direct.raw, buffered: buffered, blockSize: blockSize, isWrite: isWrite,
      isIntoPages: isIntoPages, shift: place - offset, attempt: attempt)
    var reached = end
    defer { copied = min(max(offset, reached), end) - offset }
    try ParallelChunks.run(
      offset..<end, size: method.requestSize, threads: method.requests, progress: progress,
      failedAt: { reached = $0 }
    ) { (chunks) throws(ShmError) in
      var writer = try RegionWriter(region)
      // If the device accesses the pages of the region, only the first and the last block of the range go through the
      // buffer.
      let made = chunks.prepare { () throws(ShmError) in
        try ScratchBuffer(size: isIntoPages ? 2 * blockSize : method.requestSize, attempt)
      }
      guard let scratch = made else { return }
      try chunks.forEach(attempt) { (chunk) throws(ShmError) in
        try request.run(chunk, region, &writer, scratch)
      }
    }
    if isWrite { try settle(offset..<end, attempt) }
    return method
  }

  /// Allocates the space of a file in advance. A lack of space is then an early error, and parallel requests do not
  /// wait for each other to extend the file. A device needs no allocation. fallocate(2)
  private func reserve(_ range: Range<Int>, _ attempt: String) throws(ShmError) {
    do throws(Errno) {
      try direct.allocate(range, mode: 0)
    } catch .noSpace {
      throw DescriptorIO.explain(.noSpace, attempt)
    } catch {
      // It is an advantage, and no need.
    }
  }

  /// Writes back and drops the pages of the two ends that went through the page cache.
  private func settle(_ range: Range<Int>, _ attempt: String) throws(ShmError) {
    guard range.lowerBound % blockSize != 0 || range.upperBound % blockSize != 0,
      let raw = buffered
    else { return }
    do throws(Errno) {
      _ = try SystemCall.check { fdatasync(raw) }
    } catch {
      throw DescriptorIO.explain(error, attempt)
    }
    for end in [range.lowerBound, range.upperBound] where end % blockSize != 0 {
      posix_fadvise(
        raw, off_t(PageMath.roundDown(end, to: blockSize)), off_t(blockSize), POSIX_FADV_DONTNEED)
    }
  }
}
