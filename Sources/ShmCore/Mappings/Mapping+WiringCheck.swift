import CShm
import Glibc
import SystemPackage

/// The wired bytes before a part is locked, as the kernel counts them. The difference afterwards proves that the
/// mappings are locked, whatever their number and size.
struct WiringAccount {
  private let before: Int?

  /// The account of now. proc_pid_status(5)
  init() { before = Self.wired }

  /// Whether exactly `bytes` more are wired than before; nil if that cannot be read.
  func shows(_ bytes: Int) -> Bool? {
    guard let before, let now = Self.wired else { return nil }
    return now - before == bytes
  }

  private static var wired: Int? {
    (try? FileSystem.contents(of: "/proc/self/status"))
      .flatMap { ProcessStatus.wired(in: $0[...]) }
  }
}

extension Mapping {
  /// Checks a part that was locked: the mapping carries the lock, every page is resident, and marked as
  /// locked if that can be seen.
  ///
  /// - Parameters:
  ///   - part: offsets, in whole pages.
  ///   - time: when its pages are wired.
  ///   - account: what was wired before.
  ///   - new: the bytes of it that had no lock before.
  ///   - frames: the findings about its pages so far; nil if they are not checked.
  /// - Returns: what is wired.
  /// - Throws: `WiringFailure` if it is not all wired, or if that cannot be checked.
  func verify(
    _ part: Range<Int>, _ time: WiringTime, _ account: WiringAccount, new: Int,
    _ frames: LockedFrames?
  ) throws(WiringFailure) -> WiringReport {
    let resident: Int
    do {
      resident = try residentBytes(in: part)
    } catch {
      throw WiringFailure(.unverified, evidence(part), errorNumber: error.errorNumber)
    }
    let isLocked =
      hasHugePages || account.shows(new) == true ? true : LockedMappings.cover(pages, part)
    guard let isLocked else {
      throw WiringFailure(
        .unverified, evidence(part), errorNumber: Errno.noSuchFileOrDirectory.rawValue)
    }
    let seen = isLocked && resident == part.count ? frames.map { settled($0, part) } : nil
    let isThere = seen.map { $0.doubtful.isEmpty } ?? true
    guard isLocked, time == .onFault || (resident == part.count && isThere) else {
      let evidence = evidence(part, resident: min(resident, seen?.present ?? resident))
      throw WiringFailure(evidence.isTruncated ? .truncated : .notResident, evidence)
    }
    let start = range.lowerBound
    return WiringReport(
      covered: start + part.lowerBound..<start + part.upperBound, wired: part.count,
      resident: resident, marked: frames?.seesMarks == true ? seen?.marked : nil)
  }

  /// The check of the pages of a part; nil if it is unnecessary. Without visible marks it is only needed if mincore(2)
  /// reports every page as resident to this caller.
  func frames(of part: Range<Int>, _ time: WiringTime) -> LockedFrames? {
    guard time == .now, !hasHugePages, !part.isEmpty else { return nil }
    return LockedFrames(pages, part, needsMarks: mayAskResidency)
  }

  private var mayAskResidency: Bool {
    guard let status = try? descriptor.status() else { return false }
    return status.st_uid == geteuid() || descriptor.mayWrite()
  }

  /// Checks the remaining pages, and checks pages again that did not appear as locked. A page under migration is
  /// briefly absent from the page table. It loses the Mlocked flag if another process unlocks it during that time.
  private func settled(_ frames: LockedFrames, _ part: Range<Int>) -> LockedFrames.Count {
    frames.look(upTo: part.upperBound)
    var seen = frames.seen
    for attempt in 0..<20 where !seen.doubtful.isEmpty {
      Waiter.pause(.milliseconds(1))
      let doubtful = seen.doubtful
      seen.doubtful = RangeSet()
      for range in doubtful.ranges {
        if attempt % 8 == 4 { relock(range) }
        let again = frames.look(at: range)
        seen.marked += again.marked
        for range in again.doubtful.ranges { seen.doubtful.insert(contentsOf: range) }
      }
    }
    return seen
  }

  private func relock(_ part: Range<Int>) {
    try? unsafe MemoryCalls.unlock(memory(part))
    try? unsafe MemoryCalls.lock(memory(part))
  }

  func evidence(
    _ part: Range<Int>, resident: Int? = nil
  ) -> WiringFailure.Evidence {
    let fileSystem = (try? descriptor.fileSystemStatus()).map { MemoryFileSystem($0) }
    let status = try? descriptor.status()
    return WiringFailure.Evidence(
      attempt: wiringAttempt(part), limits: (try? WiringLimits.current()) ?? .unknown,
      wanted: part.count,
      rangeEnd: min(range.upperBound, range.lowerBound + part.upperBound),
      regionSize: status.map { Int($0.st_size) },
      fileSystemFree: fileSystem?.free, fileSystemSize: fileSystem?.total,
      mountPoint: status.flatMap {
        MountTable.current().mount(ofDevice: UInt64($0.st_dev))?.point
      },
      hugePages: hasHugePages ? HugePagePool.pool(ofPageSize: pageSize) : nil,
      resident: resident ?? (try? residentBytes(in: part)), missing: try? missingBytes(in: part),
      demand: try? wiringDemand(in: part))
  }
}
