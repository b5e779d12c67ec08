import Glibc
package import SystemPackage

/// Memory whose size a request or the machine decides. A Swift array that finds none ends the process;
/// what is asked for here first is an error.
package enum Allocation {
  /// Smaller requests than this are left to the runtime.
  private static let least = 128 << 10

  /// Throws unless so many bytes can be allocated at this moment. mmap(2)
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
    try ShmError.explaining({ refusal(bytes, attempt, $0) }) { () throws(Errno) in
      try require(bytes)
    }
  }

  /// Whole pages of this process alone, zeroed. mmap(2)
  package static func pages(_ bytes: Int, _ attempt: String) throws(ShmError) -> OwnedPages {
    try ShmError.explaining({ refusal(bytes, attempt, $0) }) { () throws(Errno) in
      let base = try unsafe privateMemory(bytes)
      return unsafe OwnedPages(adopting: base, length: bytes)
    }
  }

  /// The error if the system gives no memory for a buffer. EAGAIN is what a limit on locked memory says
  /// to a process that locks all that it maps.
  package static func refusal(_ bytes: Int, _ attempt: String, _ error: Errno) -> ShmError {
    ShmError(
      .noSpace, attempt, "a buffer of \(ByteCount(bytes)) cannot be allocated (\(error.reason))",
      remedy: "free memory",
      shortage: Errno.addressShortage(bytes), errorNumber: error.rawValue)
  }
}
