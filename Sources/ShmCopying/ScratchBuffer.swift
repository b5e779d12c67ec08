import ShmCore

/// Page-aligned memory of this process alone, which bytes go through on their way.
@safe struct ScratchBuffer: ~Copyable {
  /// Fits the second-level cache together with the memory that the kernel uses.
  static let defaultSize = 256 << 10

  private let pages: OwnedPages

  /// - Parameters:
  ///   - size: in bytes, whole pages.
  ///   - attempt: what is tried, for messages.
  /// - Throws: `ShmError`: `noSpace`.
  init(size: Int = defaultSize, _ attempt: String) throws(ShmError) {
    pages = try Allocation.pages(size, attempt)
  }

  /// All of it, valid as long as the owner.
  var bytes: UnsafeMutableRawBufferPointer { unsafe pages.buffer }

  /// How many bytes it holds.
  var count: Int { pages.length }

  /// The first `count` bytes.
  func prefix(_ count: Int) -> UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(rebasing: pages.buffer[..<count])
  }
}
