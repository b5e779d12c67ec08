package import SystemPackage

/// Mapped addresses with one owner, unmapped when the owner ends.
package struct OwnedPages: ~Copyable, Sendable {
  /// The first address; never zero.
  package let address: UInt
  /// In bytes, whole pages.
  package let length: Int

  /// Takes ownership of the result of mmap(2), which must have no other owner.
  package init(adopting base: UnsafeMutableRawPointer, length: Int) {
    address = UInt(bitPattern: base)
    self.length = length
  }

  deinit {
    try? unsafe MemoryCalls.unmap(Self.buffer(address, length))
  }

  /// The memory, valid as long as the owner.
  package var buffer: UnsafeMutableRawBufferPointer { unsafe Self.buffer(address, length) }

  /// The first byte, valid as long as the owner.
  package var start: UnsafeMutableRawPointer {
    // The address is not zero: mmap(2) never returns it.
    unsafe UnsafeMutableRawPointer(bitPattern: address).unsafelyUnwrapped
  }

  /// Unmaps and reports. munmap(2)
  package consuming func unmap() throws(Errno) {
    let buffer = unsafe Self.buffer(address, length)
    discard self
    try unsafe MemoryCalls.unmap(buffer)
  }

  private static func buffer(_ address: UInt, _ length: Int) -> UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(
      start: UnsafeMutableRawPointer(bitPattern: address), count: length)
  }
}
