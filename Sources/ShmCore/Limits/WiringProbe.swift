import CShm
import Glibc
import SystemPackage

/// The result of a probe that locks address space without touching it.
public enum WiringTrial: Hashable, Sendable {
  /// There is no limit.
  case unlimited
  /// At most this number of bytes, in whole pages, can be wired now.
  case limited(Int)
  /// A system call filter or a security module refuses mlock(2), whatever the limit is.
  case refused
}

extension WiringLimits {
  /// Measures how much this process can wire now. It locks addresses without pages, and unlocks them again. mlock2(2)
  ///
  /// ```swift
  /// if try WiringLimits.current().trial() == .refused { print("mlock is refused") }
  /// ```
  ///
  /// - Returns: the result for this process, even if these are the limits of another process.
  /// - Throws: `ShmError`, with the kind of the system call's error (`noSpace` or `system`), if no address range is
  ///   available, or if mlock2 alone is refused.
  /// - Complexity: about 50 system calls.
  public func trial() throws(ShmError) -> WiringTrial { try WiringProbe.run(self) }
}

/// The memlock limit in bytes, measured with mlock2(2).
package enum WiringProbe {
  /// Finds what this process can wire, and whether it can at all.
  ///
  /// - Parameter limits: the limits of this process.
  /// - Returns: what was found.
  /// - Throws: `ShmError`, if no address range is available, or mlock2 alone is refused.
  /// - Complexity: about 50 system calls.
  package static func run(_ limits: WiringLimits) throws(ShmError) -> WiringTrial {
    if isRefused(limits) == true { return .refused }
    if isRefused(limits, isSecond: true) == true {
      throw ShmError(
        .system, attempt, "a system call filter refuses mlock2 but not mlock")
    }
    return try largest().map { .limited($0) } ?? .unlimited
  }

  /// Whether mlock(2) is refused to this process whatever its limits are: asked for no byte, by a child,
  /// because some filters kill.
  ///
  /// - Parameter limits: the limits of this process.
  /// - Returns: nil if it could not be tried.
  package static func isRefused(_ limits: WiringLimits) -> Bool? {
    isRefused(limits, isSecond: false)
  }

  /// Whether a filter of system calls ends each process that calls mlock(2): asked by a child.
  package static var isFatal: Bool { -cshm_try_mlock(0) == EINTR }

  private static func isRefused(_ limits: WiringLimits, isSecond: Bool) -> Bool? {
    switch -cshm_try_mlock(isSecond ? 1 : 0) {
    case 0: false
    case EAGAIN: nil
    // mlock(2) fails with EPERM if the limit is 0.
    case EPERM where limits.soft == 0 && !limits.isExempt: false
    default: true
    }
  }

  private static var attempt: String { "cannot probe the memlock limit" }

  /// The largest number of bytes that this process can have charged as wired now.
  ///
  /// The addresses are locked on fault and never touched, so no page is taken from another process. They are unlocked
  /// before this returns.
  ///
  /// - Parameter ceiling: the largest size to try, in bytes; nil for 16 TiB.
  /// - Returns: bytes in whole pages; nil if even the ceiling can be locked, so that no limit applies.
  /// - Throws: `ShmError` if the address space is not available or the kernel does not support mlock2.
  /// - Complexity: about 50 system calls.
  package static func largest(ceiling: Int? = nil) throws(ShmError) -> Int? {
    let wanted = PageMath.roundDown(ceiling ?? 16 << 40)
    let pages: OwnedPages
    do { pages = try addresses(wanted) } catch { throw ShmError(attempt, error) }
    let length = pages.length
    if try canLock(pages, length, attempt) {
      if length == wanted { return nil }
      throw ShmError(
        .limit, attempt,
        "only \(ByteCount(length)) of address space is available, and all of it can be wired",
        shortage: Errno.addressShortage(wanted))
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
