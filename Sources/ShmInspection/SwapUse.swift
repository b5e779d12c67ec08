import Glibc
import ShmCore
import SystemPackage

/// The bytes of a file in memory that are in swap, without inspection of its pages.
enum SwapUse {
  /// - Parameters:
  ///   - file: on a tmpfs.
  ///   - size: in whole pages.
  /// - Returns: bytes; nil if unknown.
  static func bytes(of file: borrowing OwnedDescriptor, size: Int) -> Int? {
    guard size > 0 else { return 0 }
    if let memory = MemoryInformation.current(), let total = memory.swapTotal,
      total == memory.swapFree
    {
      return 0
    }
    // Of a mapping of the whole file the kernel shows the file's own count of swapped pages.
    guard
      let base = try? unsafe MemoryCalls.map(
        at: nil, length: size, protection: PROT_NONE, flags: MAP_SHARED, descriptor: file.raw,
        offset: 0)
    else { return nil }
    let pages = unsafe OwnedPages(adopting: base, length: size)
    guard let text = try? FileSystem.contents(of: "/proc/self/smaps") else { return nil }
    return SmapsText.mappings(text).first { $0.map.addresses.lowerBound == pages.address }?.swapped
  }
}
