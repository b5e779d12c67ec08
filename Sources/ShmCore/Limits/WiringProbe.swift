import Glibc
import SystemPackage

/// The true memlock limit, found by trying. mlock2(2)
///
/// ```swift
/// let most = try WiringProbe.largest()  // nil: no limit
/// ```
public enum WiringProbe {
  /// The largest number of bytes that this process can have charged as wired now.
  ///
  /// Addresses are locked on fault and never touched, so that no page is taken from anybody; what
  /// was locked is unlocked before this returns.
  ///
  /// - Parameter ceiling: where to stop looking, in bytes; nil for 16 TiB.
  /// - Returns: bytes in whole pages; nil where even the ceiling can be locked: no limit.
  /// - Throws: `ShmError`, where the addresses cannot be had or mlock2 is not there.
  /// - Complexity: some 50 system calls.
  public static func largest(ceiling: Int? = nil) throws(ShmError) -> Int? {
    let attempt = "cannot probe the memlock limit"
    let wanted = PageMath.roundDown(ceiling ?? 16 << 40)
    let pages = try ShmError.saying(attempt) { () throws(Errno) in try addresses(wanted) }
    let length = pages.length
    if try canLock(pages, length, attempt) {
      if length == wanted { return nil }
      throw ShmError(
        .limit, attempt, "\(ByteCount(length)) of addresses can be had, and all can be wired",
        remedy: "raise 'ulimit -v'")
    }
    var fits = 0
    var tooMuch = length
    while tooMuch - fits > PageMath.pageSize {
      let middle = PageMath.roundDown(fits + (tooMuch - fits) / 2)
      if try canLock(pages, middle, attempt) { fits = middle } else { tooMuch = middle }
    }
    return fits
  }

  /// As many as there are, up to `wanted`, by halves.
  private static func addresses(_ wanted: Int) throws(Errno) -> OwnedPages {
    var length = wanted
    while true {
      do throws(Errno) {
        let base = try unsafe MemoryCalls.map(
          at: nil, length: length, protection: PROT_NONE,
          flags: MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, descriptor: -1, offset: 0)
        return unsafe OwnedPages(adopting: base, length: length)
      } catch {
        guard error == .noMemory, length > PageMath.pageSize else { throw error }
        length = PageMath.roundDown(length / 2)
      }
    }
  }

  private static func canLock(
    _ pages: borrowing OwnedPages, _ length: Int, _ attempt: String
  ) throws(ShmError) -> Bool {
    let range = unsafe UnsafeMutableRawBufferPointer(rebasing: pages.buffer[..<length])
    do throws(Errno) {
      try unsafe MemoryCalls.lockOnFault(range)
      try unsafe MemoryCalls.unlock(range)
      return true
    } catch .noMemory, .notPermitted, .resourceTemporarilyUnavailable {
      try? unsafe MemoryCalls.unlock(range)
      return false
    } catch {
      throw ShmError(attempt, error)
    }
  }
}
