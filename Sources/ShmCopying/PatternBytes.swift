import Glibc
import ShmCore
import SystemPackage

/// The bytes of a pattern, chunk by chunk, for one thread. If all chunks are equal, they are computed once.
struct PatternBytes: ~Copyable {
  private let pattern: FillPattern
  private let rangeStart: Int
  private let scratch: ScratchFile
  /// The device of zeros, to write zeros without a copy; nil for other patterns, and if the device does not exist.
  private let zeros: OwnedDescriptor?
  private var isMade = false

  /// - Parameters:
  ///   - pattern: the rule.
  ///   - rangeStart: the start of the whole range, in bytes.
  /// - Throws: `ShmError`: `noSpace`.
  init(_ pattern: FillPattern, rangeStart: Int) throws(ShmError) {
    scratch = try ScratchFile()
    zeros = pattern.uniformByte == 0 ? Self.zeroDevice() : nil
    self.pattern = pattern
    self.rangeStart = rangeStart
  }

  /// The most that one chunk may have, in bytes.
  var largest: Int { scratch.count }

  /// The pattern bytes of `chunk`; valid until the next call.
  mutating func bytes(at chunk: Range<Int>) -> UnsafeRawBufferPointer {
    make(chunk)
    return unsafe UnsafeRawBufferPointer(scratch.prefix(chunk.count))
  }

  /// Writes the pattern bytes of `chunk` to the region.
  mutating func write(
    _ chunk: Range<Int>, by writer: inout RegionWriter, of region: borrowing Region
  ) throws(ShmError) {
    make(chunk)
    let zeros: CInt? =
      switch self.zeros {
      case .some(let device): device.raw
      case nil: nil
      }
    try writer.write(
      scratch, count: chunk.count, at: chunk.lowerBound, of: region, zeros: zeros)
  }

  /// The device of zeros, if /dev/zero is that device. null(4)
  private static func zeroDevice() -> OwnedDescriptor? {
    guard let device = try? FileSystem.open("/dev/zero", O_RDONLY),
      let status = try? device.status(), status.st_mode & S_IFMT == S_IFCHR,
      status.st_rdev == 0x105
    else { return nil }
    return device
  }

  private mutating func make(_ chunk: Range<Int>) {
    if pattern.uniformByte != nil, isMade { return }
    let count = pattern.uniformByte == nil ? chunk.count : scratch.count
    unsafe pattern.generate(
      into: scratch.prefix(count), at: chunk.lowerBound, rangeStart: rangeStart)
    isMade = true
  }
}
