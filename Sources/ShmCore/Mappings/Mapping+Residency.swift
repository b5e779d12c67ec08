import CShm
import Glibc
import SystemPackage

extension Mapping {
  /// Faults in every page of a part, and throws if a page cannot be allocated. MAP_POPULATE ignores such errors.
  /// madvise(2), `MADV_POPULATE_READ` and `MADV_POPULATE_WRITE`, Linux 5.14; before, process_vm_readv(2)
  ///
  /// - Parameters:
  ///   - part: offsets into the mapping, in bytes; nil for all of it.
  ///   - mayExceedMemory: whether to populate more than the memory of the machine or of a control group. The kernel
  ///     then ends the process, instead of an error here.
  ///   - progress: called with the bytes populated so far.
  /// - Throws: `ShmError`: `inputOutput` if the region is too short, `noSpace` if no memory is available.
  /// - Complexity: linear in the pages.
  public func populate(
    _ part: Range<Int>? = nil, mayExceedMemory: Bool = false, progress: (Int) -> Void = { _ in }
  ) throws(ShmError) {
    let attempt = "cannot populate \(subject)"
    if !mayExceedMemory { try requireRoom(toPopulate: part, attempt) }
    let start = range.lowerBound
    let part = PageMath.outward(part ?? 0..<count, to: pageSize)
    try Self.forEachChunk(of: part) { (chunk) throws(ShmError) in
      progress(chunk.lowerBound - part.lowerBound)
      try SignalMask.checkPending(attempt)
      do throws(Errno) {
        try unsafe MemoryCalls.populate(
          memory(chunk), pageSize: pageSize, forStores: protection == .readWrite,
          isShared: sharing == .shared)
      } catch .badAddress {
        throw explainMissingPage(before: start + chunk.upperBound, attempt)
      } catch {
        throw ShmError(attempt, error)
      }
    }
    progress(part.count)
  }

  /// Why a page cannot be allocated: the region was shrunk, or there is no room for a hole.
  private func explainMissingPage(before end: Int, _ attempt: String) -> ShmError {
    let number = Errno.badAddress.rawValue
    let size = (try? descriptor.status()).map { Int($0.st_size) } ?? 0
    guard size >= min(end, range.upperBound) else {
      return ShmError(
        .inputOutput, attempt, "another process shrank the region to \(size) bytes",
        errorNumber: number)
    }
    let missing = (try? missingBytes()) ?? 0
    let fileSystem = (try? descriptor.fileSystemStatus()).map { MemoryFileSystem($0) }
    guard let fileSystem, let free = fileSystem.free, free < missing else {
      return ShmError(
        .inputOutput, attempt, "another process shrank the region in the meantime",
        remedy: "try again", errorNumber: number)
    }
    return spaceCheck(attempt, fileSystem).refusal(missing, errno: .noSpace)
  }

  /// The room on the region's file system.
  private func spaceCheck(_ attempt: String, _ fileSystem: MemoryFileSystem) -> SpaceCheck {
    let mount = MountTable.current().mount(ofDevice: device)?.point
    return SpaceCheck(
      attempt: attempt,
      place: mount.map { Escaping.printable($0.bytes) } ?? "its \(fileSystem.kind)",
      site: .descriptor(descriptor.raw), mayBeSparse: false)
  }

  /// Refuses a size that exceeds memory or a control group before any memory is charged.
  private func requireRoom(toPopulate part: Range<Int>?, _ attempt: String) throws(ShmError) {
    let demand = populationDemand(in: part)
    if demand.shared > 0, let status = try? descriptor.fileSystemStatus() {
      try spaceCheck(attempt, MemoryFileSystem(status)).require(demand.shared)
    }
    if demand.own > 0 {
      try SpaceCheck(attempt: attempt, place: "memory", site: .memory, mayBeSparse: false)
        .require(demand.shared &+ demand.own)
    }
  }

  /// How many bytes of a part are resident: in RAM and valid. Pages that were reserved and never
  /// written are not. mincore(2); it changes nothing.
  ///
  /// - Parameter part: offsets into the mapping, in bytes; nil for all of it.
  /// - Returns: bytes in whole pages. For a region that the caller may not write, and does not
  ///   own, the kernel says "resident" of every page; see `PageCounts`.
  /// - Throws: `ShmError` with the kind of the error of mincore(2), such as `noSpace`.
  /// - Complexity: linear in the pages.
  public func residentBytes(in part: Range<Int>? = nil) throws(ShmError) -> Int {
    let part = PageMath.outward(part ?? 0..<count, to: pageSize)
    let step = PageMath.pageSize
    var vector = [UInt8](repeating: 0, count: min(Self.chunk, part.count) / step)
    var resident = 0
    try Self.forEachChunk(of: part) { (chunk) throws(ShmError) in
      do throws(Errno) {
        try unsafe vector.withUnsafeMutableBufferPointer { (vector) throws(Errno) -> Void in
          try unsafe MemoryCalls.residency(of: memory(chunk), into: vector)
        }
      } catch {
        throw ShmError("cannot inspect the pages of \(subject)", error)
      }
      for byte in vector[..<(chunk.count / step)] { resident += Int(byte & 1) }
    }
    return resident * step
  }

  /// The bytes of a part without memory: holes and swapped pages. Reserved pages have memory although they are not
  /// resident. Nothing is changed.
  ///
  /// - Parameter part: offsets into the mapping, in bytes; nil for all of it.
  /// - Returns: bytes in whole pages; 0 for huge pages, which are promised by mmap(2).
  /// - Throws: `ShmError` with the kind of the error of the call, such as `notPermitted` or `system`.
  /// - Complexity: linear in the pages.
  public func missingBytes(in part: Range<Int>? = nil) throws(ShmError) -> Int {
    guard pageSize == PageMath.pageSize else { return 0 }
    let part = PageMath.outward(part ?? 0..<count, to: pageSize)
    let start = range.lowerBound
    guard sharing == .shared, !part.isEmpty,
      let statistics = try? descriptor.cacheStatistics(
        of: start + part.lowerBound..<start + part.upperBound),
      statistics.cached > 0
    else {
      // An old kernel, or a region that is not the caller's: what is resident is all that is known.
      return part.count - (try residentBytes(in: part))
    }
    let cached = Int(clamping: statistics.cached)
      .multipliedReportingOverflow(by: PageMath.pageSize).partialValue
    return max(0, part.count - cached)
  }

  /// How much one system call of a long operation covers: short enough to answer Ctrl-C at once.
  package static var chunk: Int { 64 << 20 }

  /// The parts of `part` that one system call each takes.
  static func forEachChunk(
    of part: Range<Int>, _ body: (Range<Int>) throws(ShmError) -> Void
  ) throws(ShmError) {
    var offset = part.lowerBound
    while offset < part.upperBound {
      let end = offset + min(chunk, part.upperBound - offset)
      try body(offset..<end)
      offset = end
    }
  }

  /// The memory at `part`, whole pages within the mapping.
  func memory(_ part: Range<Int>) -> UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(rebasing: pages.buffer[part])
  }
}
