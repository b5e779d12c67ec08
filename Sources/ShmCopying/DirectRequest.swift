import Glibc
import ShmCore
import SystemPackage

/// The sequence of direct I/O requests of one thread: whole blocks with direct I/O, and partial blocks at the two
/// ends of the range with a buffer.
struct DirectRequest: Sendable {
  /// The number of the file's descriptor with O_DIRECT, and of one without; they belong to `DirectIO`.
  let direct: CInt
  let buffered: CInt?
  let blockSize: Int
  let isWrite: Bool
  /// Whether the region's pages and the file's blocks have the same alignment.
  let isIntoPages: Bool
  /// The offset in the region minus the offset in the file.
  let shift: Int
  let attempt: String

  /// Moves one chunk, a range of the file. The scratch holds a chunk and more than a block.
  func run(
    _ chunk: Range<Int>, _ region: borrowing Region, _ writer: inout RegionWriter,
    _ scratch: borrowing ScratchBuffer
  ) throws(ShmError) {
    let first = PageMath.roundUp(chunk.lowerBound, to: blockSize) ?? chunk.upperBound
    let last = PageMath.roundDown(chunk.upperBound, to: blockSize)
    guard first < last else { return try edge(chunk, region, &writer, scratch) }
    if chunk.lowerBound < first {
      try edge(chunk.lowerBound..<first, region, &writer, scratch)
    }
    if isIntoPages {
      try wired(first..<last, region)
    } else {
      try bounced(first..<last, region, &writer, scratch)
    }
    if last < chunk.upperBound { try edge(last..<chunk.upperBound, region, &writer, scratch) }
  }

  /// Transfers whole blocks between the file and the region's pages, which are wired during the request.
  private func wired(_ blocks: Range<Int>, _ region: borrowing Region) throws(ShmError) {
    let wanted = blocks.lowerBound + shift..<blocks.upperBound + shift
    let pageSize = try region.status().pageSize
    let start = PageMath.roundDown(wanted.lowerBound, to: pageSize)
    var mapping = try Mapping(
      of: region, range: start..<wanted.upperBound,
      protection: isWrite ? .readOnly : .readWrite)
    let part = wanted.lowerBound - start..<wanted.upperBound - start
    do {
      try mapping.wire(part)
    } catch {
      throw ShmError(error)
    }
    let failed = try unsafe mapping.withUnsafeMutableBytes { (bytes) throws(ShmError) in
      let memory = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[part])
      return try unsafe transfer(blocks.lowerBound, memory)
    }
    if failed {
      throw region.shrunk(
        attempt, to: try region.currentSize(attempt), wanted: wanted.upperBound)
    }
    // Data that is read beyond a region's new end is lost without an error.
    let size = try region.currentSize(attempt)
    if size < wanted.upperBound {
      throw region.shrunk(attempt, to: size, wanted: wanted.upperBound)
    }
  }

  /// Whole blocks through a buffer.
  private func bounced(
    _ blocks: Range<Int>, _ region: borrowing Region, _ writer: inout RegionWriter,
    _ scratch: borrowing ScratchBuffer
  ) throws(ShmError) {
    let place = blocks.lowerBound + shift
    let memory = unsafe scratch.prefix(blocks.count)
    if isWrite {
      try region.readWhole(scratch, place..<place + blocks.count, attempt)
      _ = try unsafe transfer(blocks.lowerBound, memory)
    } else {
      _ = try unsafe transfer(blocks.lowerBound, memory)
      try unsafe writer.write(UnsafeRawBufferPointer(memory), at: place, of: region)
    }
  }

  /// Transfers a partial block. It is read as a whole block with direct I/O. It is written through the page cache,
  /// because the rest of the block may belong to other data.
  private func edge(
    _ range: Range<Int>, _ region: borrowing Region, _ writer: inout RegionWriter,
    _ scratch: borrowing ScratchBuffer
  ) throws(ShmError) {
    let place = range.lowerBound + shift
    if isWrite {
      try region.readWhole(scratch, place..<place + range.count, attempt)
      try unsafe writeBuffered(
        UnsafeRawBufferPointer(scratch.prefix(range.count)), at: range.lowerBound)
      return
    }
    let blocks = PageMath.outward(range, to: blockSize)
    let skew = range.lowerBound - blocks.lowerBound
    let memory = unsafe scratch.prefix(min(blocks.count, scratch.count))
    var done = 0
    while done < skew + range.count {
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[done...])
      let count: Int
      do {
        count = try SystemCall.check {
          unsafe pread(direct, rest.baseAddress, rest.count, off_t(blocks.lowerBound + done))
        }
      } catch {
        throw explain(error)
      }
      done += count
      // At the end of a file, a read returns a partial block.
      if count == 0 || done % blockSize != 0 { break }
    }
    guard done >= skew + range.count else { throw ended(at: blocks.lowerBound + done) }
    let part = unsafe UnsafeRawBufferPointer(rebasing: memory[skew..<skew + range.count])
    try unsafe writer.write(part, at: place, of: region)
  }

  /// Transfers all of `memory`, in whole blocks, and returns whether one of its pages was missing.
  private func transfer(
    _ offset: Int, _ memory: UnsafeMutableRawBufferPointer
  ) throws(ShmError) -> Bool {
    var done = 0
    while done < memory.count {
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[done...])
      let place = off_t(offset + done)
      let count: Int
      do {
        count = try SystemCall.check {
          unsafe isWrite
            ? pwrite(direct, rest.baseAddress, rest.count, place)
            : pread(direct, rest.baseAddress, rest.count, place)
        }
      } catch {
        if error == .badAddress { return true }
        throw explain(error)
      }
      if count < blockSize { throw ended(at: offset + done + count) }
      done += PageMath.roundDown(count, to: blockSize)
    }
    return false
  }

  private func writeBuffered(
    _ bytes: UnsafeRawBufferPointer, at offset: Int
  ) throws(ShmError) {
    guard let buffered else { throw ShmError(.defect, attempt, "it has no buffered descriptor") }
    var done = 0
    while done < bytes.count {
      do {
        done += try SystemCall.check {
          unsafe pwrite(
            buffered, UnsafeRawBufferPointer(rebasing: bytes[done...]).baseAddress,
            bytes.count - done, off_t(offset + done))
        }
      } catch {
        throw explain(error)
      }
    }
  }

  /// An `EINVAL` for a request that is aligned to blocks is a refusal by the file system.
  private func explain(_ error: Errno) -> ShmError {
    error == .invalidArgument
      ? DirectIO.refusal(attempt, error) : DescriptorIO.explain(error, attempt)
  }

  private func ended(at offset: Int) -> ShmError {
    ShmError(
      .inputOutput, attempt,
      isWrite ? "the device wrote no bytes at byte \(offset)" : "the file ends at byte \(offset)")
  }
}
