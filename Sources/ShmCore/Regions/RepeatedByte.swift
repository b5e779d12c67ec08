import Glibc
import SystemPackage

/// One byte, as often as it is wanted: one page that is written over and over by each call. It stays
/// in the first-level cache, where a buffer as large as the call would have to be read from the
/// second or the third.
@safe struct RepeatedByte: ~Copyable {
  /// What one call writes at the most, in bytes: as many pieces as the kernel takes (IOV_MAX).
  static var largest: Int { 1024 * PageMath.pageSize }

  private let page: UnsafeMutableRawBufferPointer
  private let pieces: [iovec]

  init(_ byte: UInt8) {
    let size = PageMath.pageSize
    let page = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: size)
    unsafe page.initializeMemory(as: UInt8.self, repeating: byte)
    unsafe self.page = page
    unsafe pieces = Array(
      repeating: iovec(iov_base: page.baseAddress, iov_len: size), count: Self.largest / size)
  }

  deinit {
    unsafe page.deallocate()
  }

  /// Writes it up to `count` times and returns how often. pwritev(2)
  func write(
    to descriptor: borrowing OwnedDescriptor, count: Int, at offset: Int
  ) throws(Errno) -> Int {
    let whole = min(count, Self.largest) / PageMath.pageSize
    guard whole > 0 else {
      let part = unsafe UnsafeRawBufferPointer(rebasing: page[..<count])
      return try unsafe descriptor.write(part, at: offset)
    }
    return try unsafe pieces.withUnsafeBufferPointer { (pieces) throws(Errno) -> Int in
      try unsafe descriptor.write(UnsafeBufferPointer(rebasing: pieces[..<whole]), at: offset)
    }
  }
}
