import ShmCore

/// A block copy between a region and a file past the page cache.
final class DirectCopy {
  private let file: DirectIO
  private let region: RegionEnd
  /// The offset of the copy in the file.
  private let offset: Int
  private let isWrite: Bool

  /// Opens the file a second time, with O_DIRECT.
  init(
    _ from: CopyEnd, _ source: any OpenEnd, _ to: CopyEnd, _ sink: any OpenEnd, _ attempt: String
  ) throws(ShmError) {
    if let region = sink as? RegionEnd, source is FileEnd, case .file(let path, let offset) = from {
      file = try DirectIO(reading: path)
      (self.region, self.offset, isWrite) = (region, offset ?? 0, false)
    } else if let region = source as? RegionEnd, sink is FileEnd,
      case .file(let path, let offset) = to
    {
      file = try DirectIO(writing: path)
      (self.region, self.offset, isWrite) = (region, offset ?? 0, true)
    } else {
      throw ShmError(
        .usage, attempt,
        "direct I/O copies only between a region and a file or a block device")
    }
  }

  /// Copies `count` bytes.
  func run(
    _ count: Int, copied: inout Int, progress: (Int) -> Void
  ) throws(ShmError) -> DirectIO.Method {
    isWrite
      ? try file.transfer(
        at: offset, count: count, from: region.region, at: region.offset, copied: &copied,
        progress: progress)
      : try file.transfer(
        at: offset, count: count, into: region.region, at: region.offset, copied: &copied,
        progress: progress)
  }
}
