import CShm
import Glibc
import SystemPackage

extension Mapping {
  /// A hint to the kernel about the use of pages. madvise(2)
  public enum Advice: String, Sendable, CaseIterable {
    /// Nothing in particular.
    case normal
    /// From the first page to the last.
    case sequential
    /// Here and there.
    case random
    /// Soon.
    case willNeed = "will-need"
    /// Huge pages are welcome.
    case hugePage = "huge-page"
    /// Huge pages are not welcome.
    case noHugePage = "no-huge-page"
    /// Not soon: the first to go under pressure. Linux 5.4
    case cold
    /// To swap, now. Wired pages stay. Linux 5.4
    case pageOut = "page-out"
    /// Not in core dumps.
    case doNotDump = "do-not-dump"

    var number: CInt {
      switch self {
      case .normal: MADV_NORMAL
      case .sequential: MADV_SEQUENTIAL
      case .random: MADV_RANDOM
      case .willNeed: MADV_WILLNEED
      case .hugePage: MADV_HUGEPAGE
      case .noHugePage: MADV_NOHUGEPAGE
      case .cold: cshm_MADV_COLD
      case .pageOut: cshm_MADV_PAGEOUT
      case .doNotDump: MADV_DONTDUMP
      }
    }
  }

  /// Tells the kernel how pages will be used.
  ///
  /// - Parameters:
  ///   - advice: the expected use.
  ///   - part: offsets into the mapping, in bytes, taken outward to whole pages; nil for all of it.
  /// - Throws: `ShmError` if the kernel does not know the advice or refuses it for wired pages.
  public func advise(_ advice: Advice, in part: Range<Int>? = nil) throws(ShmError) {
    let part = PageMath.outward(part ?? 0..<count, to: pageSize)
    do throws(Errno) {
      try unsafe MemoryCalls.advise(memory(part), advice.number)
    } catch {
      throw ShmError("cannot advise '\(advice.rawValue)' on \(subject)", error)
    }
  }
}
