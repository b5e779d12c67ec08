import CShm
import Glibc
import SystemPackage

extension Mapping {
  /// When pages are wired.
  public enum WiringTime: Sendable {
    /// Now: every page is brought into RAM.
    case now
    /// As they are touched. mlock2(2)
    case onFault
  }

  /// What was wired, checked page by page.
  public struct WiringReport: Sendable, Equatable {
    /// What was covered, as bytes of the region: the kernel wires whole pages.
    public let covered: Range<Int>
    /// The bytes of it that are resident, by mincore(2): all of them, unless on fault.
    public let resident: Int
  }

  /// Wires a part: its pages stay in RAM until they are unwired or the mapping ends. Linux calls
  /// such pages locked. mlock(2)
  ///
  /// It is done only when it has been checked: the mapping carries the lock, and every page is
  /// resident. After any failure the part is as it was before.
  ///
  /// - Parameters:
  ///   - part: offsets into the mapping, in bytes, taken outward to whole pages; nil for all of it.
  ///   - time: now, or as pages are touched.
  ///   - progress: called with the bytes wired so far; throw from it to stop and undo.
  /// - Returns: what is wired.
  /// - Throws: `ShmError`: `limit` with the limit that refused, `noSpace`, `inputOutput`.
  /// - Complexity: linear in the pages.
  @discardableResult
  public mutating func wire(
    _ part: Range<Int>? = nil, _ time: WiringTime = .now,
    progress: (Int) throws(ShmError) -> Void = { (_) throws(ShmError) in }
  ) throws(ShmError) -> WiringReport {
    let part = PageMath.outward(part ?? 0..<count, to: pageSize)
    let attempt = "cannot wire \(ByteCount(part.count)) of \(subject)"
    guard part.lowerBound >= 0, part.upperBound <= pages.length, !part.isEmpty else {
      throw ShmError(.usage, attempt, "the range is empty or not within the mapping")
    }
    let before = wiredRanges
    do throws(ShmError) {
      try Self.forEachChunk(of: part) { (chunk) throws(ShmError) in
        try progress(chunk.lowerBound - part.lowerBound)
        wiredRanges.insert(contentsOf: chunk)
        try ShmError.explaining({ failure($0, part).error(attempt, errno: $0) }) {
          () throws(Errno) in try lock(chunk, time)
        }
      }
      try progress(part.count)
      return try verify(part, time, attempt)
    } catch {
      undo(part, to: before)
      throw error
    }
  }

  /// Lets a part be paged out again. Locks do not nest: one call undoes all. munlock(2)
  ///
  /// - Parameter part: offsets into the mapping, in bytes, taken outward; nil for all of it.
  /// - Throws: `ShmError`, where the kernel cannot split the mapping.
  public mutating func unwire(_ part: Range<Int>? = nil) throws(ShmError) {
    let part = PageMath.outward(part ?? 0..<count, to: pageSize)
    try ShmError.saying("cannot unwire \(subject)") { () throws(Errno) in
      try unsafe MemoryCalls.unlock(memory(part))
    }
    wiredRanges.remove(contentsOf: part)
  }

  /// Whether every mapping of the part carries the lock, by /proc/self/smaps (the `lo` flag).
  /// proc_pid_smaps(5)
  func carriesLock(_ part: Range<Int>) throws(Errno) -> Bool {
    let wanted = (address + UInt(part.lowerBound))..<(address + UInt(part.upperBound))
    let text = try FileSystem.contents(of: "/proc/self/smaps")
    return SmapsText.carriesLock(text, over: wanted)
  }

  private func lock(_ part: Range<Int>, _ time: WiringTime) throws(Errno) {
    let pages = unsafe memory(part)
    switch time {
    case .now: try unsafe MemoryCalls.lock(pages)
    case .onFault: try unsafe MemoryCalls.lockOnFault(pages)
    }
  }

  private func verify(
    _ part: Range<Int>, _ time: WiringTime, _ attempt: String
  ) throws(ShmError) -> WiringReport {
    let resident = try residentBytes(in: part)
    let locked = try ShmError.saying(attempt) { () throws(Errno) in try carriesLock(part) }
    guard locked, time == .onFault || resident == part.count else {
      let failure = WiringFailure(
        cause: .notResident, wanted: part.count, softLimit: nil, hardLimit: nil, used: 0)
      throw failure.error(attempt, errno: nil)
    }
    let start = range.lowerBound
    return WiringReport(
      covered: start + part.lowerBound..<start + part.upperBound, resident: resident)
  }

  /// Where populating fails the mapping is locked all the same, so a failure unlocks, too.
  private mutating func undo(_ part: Range<Int>, to before: RangeSet<Int>) {
    try? unsafe MemoryCalls.unlock(memory(part))
    wiredRanges = before
    for range in before.intersection(RangeSet(part)).ranges {
      try? unsafe MemoryCalls.lock(memory(range))
    }
  }

  private func failure(_ errno: Errno, _ part: Range<Int>) -> WiringFailure {
    // The evidence is of after the undo of the failed call's own charge, so ask at once.
    try? unsafe MemoryCalls.unlock(memory(part))
    let limits =
      (try? WiringLimits.current())
      ?? WiringLimits(soft: nil, hard: nil, used: 0, hasCapability: false)
    let left = (try? residentBytes(in: part)) == nil ? 0 : part.count
    return WiringFailure.classify(
      errno, wanted: part.count, mappedBytesLeft: left, limits: limits)
  }
}
