import Glibc
import SystemPackage

extension Mapping {
  /// The bytes of one request to read ahead. The kernel shortens a request that exceeds its read-ahead of the device,
  /// which is usually 128 KiB.
  private static var request: Int { 128 << 10 }

  /// Faults in a chunk, and of a file on a device no page besides.
  ///
  /// Each fault of such a file reads ahead, by several MiB on some devices. The kernel cannot free these pages until
  /// they are read. In a control group that is nearly full it ends the process instead. So the pages of the chunk are
  /// requested first, and their faults read nothing ahead. madvise(2), `MADV_WILLNEED`, `MADV_RANDOM`
  ///
  /// - Parameters:
  ///   - chunk: offsets into the mapping, in whole pages.
  ///   - body: faults the pages in.
  /// - Throws: the error of `body`.
  func withoutReadAhead(
    of chunk: Range<Int>, _ body: () throws(Errno) -> Void
  ) throws(Errno) {
    let type = try? descriptor.fileSystemStatus()
    guard let type, MemoryFileSystem(type).kind == .other,
      (try? unsafe MemoryCalls.advise(memory(chunk), MADV_RANDOM)) != nil
    else { return try body() }
    defer { try? unsafe MemoryCalls.advise(memory(chunk), MADV_NORMAL) }
    for start in stride(from: chunk.lowerBound, to: chunk.upperBound, by: Self.request) {
      let piece = start..<min(start + Self.request, chunk.upperBound)
      try? unsafe MemoryCalls.advise(memory(piece), MADV_WILLNEED)
    }
    try body()
  }
}
