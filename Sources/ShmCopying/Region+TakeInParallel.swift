import ShmCore
import Synchronization
import SystemPackage

extension Region {
  /// Writes parts of a regular file into a region that is not yet visible. While one thread waits for the lock of the
  /// region's file, which pwrite(2) takes, another one reads. pread(2)
  ///
  /// - Parameters:
  ///   - parts: the data of the file, as bytes of the region, in order.
  ///   - range: the bytes of the region that the file fills.
  ///   - source: the file; its offset is that of the first byte to read.
  ///   - attempt: the operation, for messages.
  ///   - progress: called with the number of bytes written so far.
  /// - Returns: the number of bytes from the start of `range` on that are written; fewer if the file ended early.
  /// - Throws: `ShmError`: `inputOutput` if the file cannot be read, `noSpace`.
  /// - Complexity: linear in the bytes and the parts.
  func takeInParallel(
    _ parts: [Range<Int>], into range: Range<Int>, from source: CInt, _ attempt: String,
    progress: (Int) -> Void
  ) throws(ShmError) -> Int {
    let base: Int
    do throws(Errno) {
      base = try OwnedDescriptor.seek(.current, in: source, from: 0) ?? 0
    } catch {
      throw DescriptorIO.explain(error, attempt)
    }
    let ended = Mutex(range.upperBound)
    try ParallelChunks.run(
      range, size: Self.fillStep, threads: Self.threads(for: range), progress: progress
    ) { (chunks) throws(ShmError) in
      var writer = try RegionWriter(self, isShared: false)
      let made = chunks.prepare { () throws(ShmError) in try ScratchBuffer(attempt) }
      guard let scratch = made else { return }
      // Each thread gets its chunks in ascending order.
      var next = 0
      try chunks.forEach(attempt) { (chunk) throws(ShmError) in
        while next < parts.count, parts[next].upperBound <= chunk.lowerBound { next += 1 }
        for part in parts[next...] {
          guard part.lowerBound < chunk.upperBound else { break }
          var rest = part.clamped(to: chunk)
          while !rest.isEmpty {
            let piece = unsafe scratch.prefix(min(scratch.count, rest.count))
            let count = try unsafe DescriptorIO.read(
              source, into: piece, at: base + rest.lowerBound - range.lowerBound, attempt)
            if count == 0 { return ended.withLock { $0 = min($0, rest.lowerBound) } }
            try unsafe writer.write(
              UnsafeRawBufferPointer(rebasing: piece[..<count]), at: rest.lowerBound, of: self)
            rest = rest.lowerBound + count..<rest.upperBound
          }
        }
      }
    }
    return ended.withLock { $0 } - range.lowerBound
  }
}
