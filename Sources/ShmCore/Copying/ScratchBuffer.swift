/// Page-aligned memory of this process alone, which bytes go through on their way.
@safe struct ScratchBuffer: ~Copyable {
  /// Fits the second-level cache beside what the kernel touches.
  static let defaultSize = 256 << 10

  let bytes: UnsafeMutableRawBufferPointer

  /// How many bytes it holds.
  let count: Int

  init(size: Int = defaultSize) {
    count = size
    unsafe bytes = .allocate(byteCount: size, alignment: PageMath.pageSize)
  }

  deinit {
    unsafe bytes.deallocate()
  }

  /// The first `count` bytes.
  func prefix(_ count: Int) -> UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[..<count])
  }
}
