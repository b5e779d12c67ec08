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

  /// The wired bytes, verified page by page.
  public struct WiringReport: Sendable, Equatable {
    /// The requested range of the region, in whole pages.
    public let covered: Range<Int>
    /// The bytes of it whose mapping carries the lock: all of them, unless less was accepted.
    public let wired: Int
    /// The bytes of it that are resident, by mincore(2): all that is wired, unless on fault.
    public let resident: Int
    /// The bytes of it whose page frames the kernel has marked as locked, or which belong to larger
    /// folios, where the mapping's lock counts: all that is wired. nil if the marks cannot be read, and
    /// on fault. The kernel's document admin-guide/mm/pagemap
    public let marked: Int?

    init(covered: Range<Int>, wired: Int, resident: Int, marked: Int? = nil) {
      self.covered = covered
      self.wired = wired
      self.resident = resident
      self.marked = marked
    }
  }

  /// Wires a part: its pages stay in RAM until they are unwired or the mapping ends. Linux calls
  /// such pages locked. mlock(2)
  ///
  /// The lock is verified before it is reported: the mapping is locked, and every page is resident. With permission to
  /// read the marks of page frames, each frame must also be marked as locked. A failure leaves the part unchanged.
  /// Large parts are locked in chunks, so that `progress` can stop them.
  ///
  /// A read-only mapping is sufficient. On tmpfs, a read fault on a hole allocates a page of the file, which all
  /// processes share.
  ///
  /// - Parameters:
  ///   - part: offsets into the mapping, in bytes, taken outward to whole pages; nil for all of it.
  ///   - time: now, or as pages are touched.
  ///   - progress: called with the bytes wired so far; false stops and undoes.
  /// - Returns: the wired bytes.
  /// - Throws: `WiringFailure` with its cause and evidence. `ShmError.init(_:)` converts it to a `ShmError`.
  /// - Complexity: linear in the pages.
  @discardableResult
  public mutating func wire(
    _ part: Range<Int>? = nil, when time: WiringTime = .now,
    progress: (Int) -> Bool = { _ in true }
  ) throws(WiringFailure) -> WiringReport {
    let part = wholePart(part)
    let before = wiredRanges
    let new = part.count - Self.bytes(before.intersection(RangeSet(part)))
    let account = WiringAccount()
    let frames = frames(of: part, time)
    do throws(WiringFailure) {
      try lock(part, time, seenBy: frames, progress)
      return try verify(part, time, account, new: new, frames)
    } catch {
      undo(part, to: before)
      throw error
    }
  }

  /// The result of wiring as much as possible.
  public struct PartialWiring: Sendable {
    /// The wired bytes; may be 0.
    public let report: WiringReport
    /// Why not all bytes could be wired; nil if all are wired, or if `progress` has stopped the call.
    public let failure: WiringFailure?
    /// The remaining part of `room`; nil without a bound.
    public let room: Int?
  }

  /// Wires as much of a part as possible, from its start, and keeps it.
  ///
  /// - Parameters:
  ///   - part: offsets into the mapping, in bytes, taken outward to whole pages; nil for all of it.
  ///   - time: now, or as pages are touched.
  ///   - room: the maximum number of bytes to fault in; nil for no limit. At the limit of a control group the kernel
  ///     kills the process instead of returning an error.
  ///   - progress: called with the bytes wired so far; false stops, and the wired bytes stay wired.
  /// - Returns: the wired bytes, and why these are not all.
  /// - Complexity: linear in the pages.
  public mutating func wireBestEffort(
    _ part: Range<Int>? = nil, when time: WiringTime = .now, room: Int? = nil,
    progress: (Int) -> Bool = { _ in true }
  ) -> PartialWiring {
    let part = wholePart(part)
    var end = part.lowerBound
    var step = Self.chunk
    var marked: Int? = 0
    var room = room
    var failure: WiringFailure?
    while end < part.upperBound, step >= pageSize {
      guard progress(end - part.lowerBound) else { break }
      let chunk = end..<end + min(step, part.upperBound - end)
      let before = wiredRanges
      let new = chunk.count - Self.bytes(before.intersection(RangeSet(chunk)))
      let account = WiringAccount()
      do throws(WiringFailure) {
        let missing = try missing(in: chunk, time, of: end..<part.upperBound, room)
        try lock(chunk, of: chunk, time)
        let report = try verify(chunk, time, account, new: new, frames(of: chunk, time))
        marked = report.marked.flatMap { more in marked.map { $0 + more } }
        end = chunk.upperBound
        room = room.map { $0 - missing }
      } catch {
        undo(chunk, to: before)
        failure = failure ?? error
        step = PageMath.roundDown(chunk.count / 2, to: pageSize)
      }
    }
    let existing = existingEnd(of: part.lowerBound..<end)
    if time == .now, existing < end {
      failure = failure ?? WiringFailure(.truncated, evidence(part))
      let lost = existing..<end
      undo(lost, to: wiredRanges.subtracting(RangeSet(lost)))
      end = existing
      marked = marked.map { min($0, end - part.lowerBound) }
    }
    let done = part.lowerBound..<end
    let start = range.lowerBound
    let report = WiringReport(
      covered: start + part.lowerBound..<start + part.upperBound, wired: done.count,
      resident: done.isEmpty ? 0 : (try? residentBytes(in: done)) ?? 0, marked: marked)
    return PartialWiring(report: report, failure: failure, room: room)
  }

  /// The end of the pages of a part that the region still has. It may have become smaller since the part was checked.
  private func existingEnd(of part: Range<Int>) -> Int {
    guard let size = (try? descriptor.status()).map({ Int($0.st_size) }),
      let end = PageMath.roundUp(size, to: pageSize)
    else { return part.upperBound }
    return min(part.upperBound, max(part.lowerBound, end - range.lowerBound))
  }

  /// The bytes that a chunk takes of the room that is left.
  private func missing(
    in chunk: Range<Int>, _ time: WiringTime, of rest: Range<Int>, _ room: Int?
  ) throws(WiringFailure) -> Int {
    guard let room, time == .now else { return 0 }
    let demand = try? wiringDemand(in: chunk)
    let missing = demand.map { $0.missing &+ $0.cached &+ $0.tables } ?? chunk.count
    if missing > room { throw WiringFailure.noRoom(evidence(rest)) }
    return missing
  }

  /// Lets a part be paged out again. Locks do not nest: one call undoes all. munlock(2)
  ///
  /// - Parameter part: offsets into the mapping, in bytes, taken outward; nil for all of it.
  /// - Throws: `ShmError` if the kernel cannot split the mapping.
  public mutating func unwire(_ part: Range<Int>? = nil) throws(ShmError) {
    let part = wholePart(part)
    do throws(Errno) {
      try unsafe MemoryCalls.unlock(memory(part))
    } catch {
      throw ShmError("cannot unwire \(subject)", error)
    }
    wiredRanges.remove(contentsOf: part)
  }

  /// Whether the pages cannot be swapped by their nature, wired or not: huge pages of a pool,
  /// ramfs, and a tmpfs mounted `noswap`. Such memory is not counted as wired by the kernel.
  public var isInherentlyUnswappable: Bool {
    guard let type = try? descriptor.fileSystemStatus() else { return hasHugePages }
    return MemoryFileSystem(type).isUnswappable(device: device)
  }

  /// The operation and its object, for messages.
  package func wiringAttempt(_ part: Range<Int>? = nil) -> String {
    "cannot wire \(ByteCount(wholePart(part).count).exact) of \(subject)"
  }

  var hasHugePages: Bool { pageSize != PageMath.pageSize }

  private func wholePart(_ part: Range<Int>?) -> Range<Int> {
    PageMath.outward(part ?? 0..<count, to: pageSize).clamped(to: 0..<pages.length)
  }

  /// Locks a part in chunks. Another thread verifies the pages of a large part in parallel, which takes a third of the
  /// time of locking.
  private mutating func lock(
    _ part: Range<Int>, _ time: WiringTime, seenBy frames: LockedFrames?, _ progress: (Int) -> Bool
  ) throws(WiringFailure) {
    guard let frames, part.count > Self.chunk, Threads.processors > 1 else {
      return try lock(part, time, progress, locked: { _ in })
    }
    var failure: WiringFailure?
    var isDone = false
    Threads.run(1, body: frames.follow) {
      if isDone { return }
      isDone = true
      do throws(WiringFailure) {
        try lock(part, time, progress, locked: frames.advance)
      } catch {
        failure = error
      }
      frames.finish()
    }
    if let failure { throw failure }
    // Without a second thread nothing has been done yet.
    if !isDone { try lock(part, time, progress, locked: { _ in }) }
  }

  private mutating func lock(
    _ part: Range<Int>, _ time: WiringTime, _ progress: (Int) -> Bool, locked: (Int) -> Void
  ) throws(WiringFailure) {
    var offset = part.lowerBound
    while offset < part.upperBound {
      let chunk = offset..<offset + min(Self.chunk, part.upperBound - offset)
      guard progress(offset - part.lowerBound) else {
        throw WiringFailure(.stopped, evidence(part))
      }
      try lock(chunk, of: part, time)
      offset = chunk.upperBound
      locked(offset)
    }
    _ = progress(part.count)
  }

  private static func bytes(_ ranges: RangeSet<Int>) -> Int {
    ranges.ranges.reduce(0) { $0 + $1.count }
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
        try unsafe MemoryCalls.populate(
          pages, pageSize: pageSize, forStores: protection == .readWrite,
          isShared: sharing == .shared)
      case .onFault where hasHugePages: break
      case .now:
        try withoutReadAhead(of: chunk) { () throws(Errno) in try unsafe MemoryCalls.lock(pages) }
      case .onFault: try unsafe MemoryCalls.lockOnFault(pages)
      }
    } catch {
      // Unlocked first, so that the evidence does not count the charge of this call as used.
      try? unsafe MemoryCalls.unlock(memory(part))
      throw WiringFailure(error, evidence(part))
    }
  }

  /// If populating fails, the mapping is locked nevertheless, so a failure must also unlock.
  private mutating func undo(_ part: Range<Int>, to before: RangeSet<Int>) {
    try? unsafe MemoryCalls.unlock(memory(part))
    wiredRanges = before
    for range in before.intersection(RangeSet(part)).ranges {
      try? unsafe MemoryCalls.lock(memory(range))
    }
  }
}
