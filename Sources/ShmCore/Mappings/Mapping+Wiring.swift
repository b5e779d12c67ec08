import CShm
import Glibc
import SystemPackage

extension Mapping {
  /// When pages are wired.
  public enum WiringTime: Sendable {
    /// Now: every page is brought into RAM, and holes are allocated.
    case now
    /// As they are touched. mlock2(2)
    case onFault
  }

  /// What was wired, checked page by page.
  public struct WiringReport: Sendable, Equatable {
    /// What was asked for, as bytes of the region, in whole pages.
    public let covered: Range<Int>
    /// The bytes of it whose mapping carries the lock: all of them, unless less was accepted.
    public let wired: Int
    /// The bytes of it that are resident, by mincore(2): all that is wired, unless on fault.
    public let resident: Int
  }

  /// Wires a part: its pages stay in RAM until they are unwired or the mapping ends. Linux calls
  /// such pages locked. mlock(2)
  ///
  /// It is done only when it has been checked: the mapping carries the lock, and every page is
  /// resident. After any failure the part is as it was before. Large parts go in chunks, so that
  /// `progress` can stop them.
  ///
  /// - Parameters:
  ///   - part: offsets into the mapping, in bytes, taken outward to whole pages; nil for all of it.
  ///   - time: now, or as pages are touched.
  ///   - progress: called with the bytes wired so far; false stops and undoes.
  /// - Returns: what is wired.
  /// - Throws: `WiringFailure` with its cause and evidence.
  /// - Complexity: linear in the pages.
  @discardableResult
  public mutating func tryWire(
    _ part: Range<Int>? = nil, _ time: WiringTime = .now, progress: (Int) -> Bool = { _ in true }
  ) throws(WiringFailure) -> WiringReport {
    let part = wholePart(part)
    let before = wiredRanges
    do throws(WiringFailure) {
      var offset = part.lowerBound
      while offset < part.upperBound {
        let chunk = offset..<offset + min(Self.chunk, part.upperBound - offset)
        guard progress(offset - part.lowerBound) else {
          throw WiringFailure(.stopped, evidence(part))
        }
        try lock(chunk, of: part, time)
        offset = chunk.upperBound
      }
      _ = progress(part.count)
      return try verify(part, time)
    } catch {
      undo(part, to: before)
      throw error
    }
  }

  /// Wires a part as `tryWire` does, and says in words why it could not be.
  ///
  /// - Parameters:
  ///   - part: offsets into the mapping, in bytes, taken outward to whole pages; nil for all of it.
  ///   - time: now, or as pages are touched.
  /// - Returns: what is wired.
  /// - Throws: `ShmError`: `limit` with the limit that refused, `noSpace`, `inputOutput`.
  /// - Complexity: linear in the pages.
  @discardableResult
  public mutating func wire(
    _ part: Range<Int>? = nil, _ time: WiringTime = .now
  ) throws(ShmError) -> WiringReport {
    do {
      return try tryWire(part, time)
    } catch {
      throw error.error(wiringAttempt(part))
    }
  }

  /// Wires as much of a part as can be, from its start, and keeps it.
  ///
  /// - Parameters:
  ///   - part: offsets into the mapping, in bytes, taken outward to whole pages; nil for all of it.
  ///   - time: now, or as pages are touched.
  ///   - failure: set to what stopped it; nil where all is wired.
  ///   - progress: called with the bytes wired so far; false stops, and what is wired stays.
  /// - Returns: what is wired; nothing of it may be.
  /// - Complexity: linear in the pages.
  public mutating func wireBestEffort(
    _ part: Range<Int>? = nil, _ time: WiringTime = .now, failure: inout WiringFailure?,
    progress: (Int) -> Bool = { _ in true }
  ) -> WiringReport {
    let part = wholePart(part)
    var end = part.lowerBound
    var step = Self.chunk
    failure = nil
    while end < part.upperBound, step >= pageSize {
      guard progress(end - part.lowerBound) else { break }
      let chunk = end..<end + min(step, part.upperBound - end)
      let before = wiredRanges
      do throws(WiringFailure) {
        try lock(chunk, of: chunk, time)
        _ = try verify(chunk, time)
        end = chunk.upperBound
      } catch {
        undo(chunk, to: before)
        failure = failure ?? error
        step = PageMath.roundDown(chunk.count / 2, to: pageSize)
      }
    }
    let done = part.lowerBound..<end
    let start = range.lowerBound
    return WiringReport(
      covered: start + part.lowerBound..<start + part.upperBound, wired: done.count,
      resident: done.isEmpty ? 0 : (try? residentBytes(in: done)) ?? 0)
  }

  /// Lets a part be paged out again. Locks do not nest: one call undoes all. munlock(2)
  ///
  /// - Parameter part: offsets into the mapping, in bytes, taken outward; nil for all of it.
  /// - Throws: `ShmError`, where the kernel cannot split the mapping.
  public mutating func unwire(_ part: Range<Int>? = nil) throws(ShmError) {
    let part = wholePart(part)
    try ShmError.saying("cannot unwire \(subject)") { () throws(Errno) in
      try unsafe MemoryCalls.unlock(memory(part))
    }
    wiredRanges.remove(contentsOf: part)
  }

  /// Whether the pages cannot be swapped by their nature, wired or not: huge pages of a pool,
  /// ramfs, and a tmpfs mounted `noswap`. Such memory is not counted as wired by the kernel.
  public var isInherentlyUnswappable: Bool {
    guard let status = try? descriptor.status(), let type = try? descriptor.fileSystemStatus()
    else { return hasHugePages }
    return MemoryFileSystem(type).isUnswappable(device: UInt64(status.st_dev))
  }

  /// What was to be wired, for messages.
  public func wiringAttempt(_ part: Range<Int>? = nil) -> String {
    "cannot wire \(ByteCount(wholePart(part).count).exact) of \(subject)"
  }

  private var hasHugePages: Bool { pageSize != PageMath.pageSize }

  private func wholePart(_ part: Range<Int>?) -> Range<Int> {
    PageMath.outward(part ?? 0..<count, to: pageSize).clamped(to: 0..<pages.length)
  }

  private mutating func lock(
    _ chunk: Range<Int>, of part: Range<Int>, _ time: WiringTime
  ) throws(WiringFailure) {
    wiredRanges.insert(contentsOf: chunk)
    do throws(Errno) {
      let pages = unsafe memory(chunk)
      switch time {
      // The kernel marks no huge pages as locked, and yet holds them against the memlock limit.
      case .now where hasHugePages:
        try unsafe MemoryCalls.advise(
          pages, protection == .readOnly ? cshm_MADV_POPULATE_READ : cshm_MADV_POPULATE_WRITE)
      case .onFault where hasHugePages: break
      case .now: try unsafe MemoryCalls.lock(pages)
      case .onFault: try unsafe MemoryCalls.lockOnFault(pages)
      }
    } catch {
      // What this call itself was charged is not what was in use.
      try? unsafe MemoryCalls.unlock(memory(part))
      throw WiringFailure(error, evidence(part))
    }
  }

  private func verify(
    _ part: Range<Int>, _ time: WiringTime
  ) throws(WiringFailure) -> WiringReport {
    let resident: Int
    do {
      resident = try residentBytes(in: part)
    } catch {
      throw WiringFailure(.unverified, evidence(part), errorNumber: error.errorNumber)
    }
    guard let isLocked = hasHugePages ? true : LockedMappings.cover(pages, part) else {
      throw WiringFailure(
        .unverified, evidence(part), errorNumber: Errno.noSuchFileOrDirectory.rawValue)
    }
    guard isLocked, time == .onFault || resident == part.count else {
      let evidence = evidence(part)
      throw WiringFailure(evidence.isTruncated ? .truncated : .notResident, evidence)
    }
    let start = range.lowerBound
    return WiringReport(
      covered: start + part.lowerBound..<start + part.upperBound, wired: part.count,
      resident: resident)
  }

  /// Where populating fails the mapping is locked all the same, so a failure unlocks, too.
  private mutating func undo(_ part: Range<Int>, to before: RangeSet<Int>) {
    try? unsafe MemoryCalls.unlock(memory(part))
    wiredRanges = before
    for range in before.intersection(RangeSet(part)).ranges {
      try? unsafe MemoryCalls.lock(memory(range))
    }
  }

  private func evidence(_ part: Range<Int>, missing: Int? = nil) -> WiringFailure.Evidence {
    let fileSystem = (try? descriptor.fileSystemStatus()).map { MemoryFileSystem($0) }
    let status = try? descriptor.status()
    return WiringFailure.Evidence(
      limits: (try? WiringLimits.current()) ?? .unknown, wanted: part.count,
      rangeEnd: min(range.upperBound, range.lowerBound + part.upperBound),
      regionSize: status.map { Int($0.st_size) },
      fileSystemFree: fileSystem?.free, fileSystemSize: fileSystem?.total,
      mountPoint: status.flatMap {
        MountTable.current().mount(ofDevice: UInt64($0.st_dev))?.point
      },
      hugePages: hasHugePages ? HugePagePool.pool(ofPageSize: pageSize) : nil,
      resident: try? residentBytes(in: part), missing: try? missingBytes(in: part))
  }
}
