import Glibc
package import SystemPackage

/// Allocation of memory whose size depends on a request or on the machine. A failed allocation of a Swift array ends
/// the process; here it is an error.
package enum Allocation {
  /// Smaller requests than this are left to the runtime.
  private static let least = 128 << 10

  /// Throws unless this number of bytes can be allocated now. mmap(2)
  ///
  /// Not by malloc(3): a program may end itself when malloc finds no memory, as shmtool does.
  package static func require(_ bytes: Int) throws(Errno) {
    guard bytes >= least else { return }
    let base = try unsafe privateMemory(bytes)
    try unsafe MemoryCalls.unmap(UnsafeMutableRawBufferPointer(start: base, count: bytes))
  }

  private static func privateMemory(_ bytes: Int) throws(Errno) -> UnsafeMutableRawPointer {
    try unsafe MemoryCalls.map(
      at: nil, length: bytes, protection: PROT_READ | PROT_WRITE,
      flags: MAP_PRIVATE | MAP_ANONYMOUS, descriptor: -1, offset: 0)
  }

  /// The same, with the error's figures.
  static func require(_ bytes: Int, _ attempt: String) throws(ShmError) {
    do throws(Errno) {
      try require(bytes)
    } catch {
      throw refusal(bytes, attempt, error)
    }
  }

  /// Whole pages of this process alone, zeroed. mmap(2)
  package static func pages(_ bytes: Int, _ attempt: String) throws(ShmError) -> OwnedPages {
    do throws(Errno) {
      let base = try unsafe privateMemory(bytes)
      return unsafe OwnedPages(adopting: base, length: bytes)
    } catch {
      throw refusal(bytes, attempt, error)
    }
  }

  /// The error for a failed allocation of a buffer. EAGAIN means a limit on locked memory in a process that locks all
  /// its mappings.
  package static func refusal(_ bytes: Int, _ attempt: String, _ error: Errno) -> ShmError {
    ShmError(
      .noSpace, attempt, "a buffer of \(ByteCount(bytes)) cannot be allocated (\(error.reason))",
      remedy: "free memory",
      shortage: Errno.addressShortage(bytes), errorNumber: error.rawValue)
  }
}
