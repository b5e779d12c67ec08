import ShmCore
import SystemPackage

/// A process's memory as an end of a block copy.
final class MemoryEnd: OpenEnd {
  private let memory: ProcessMemory
  private let address: UInt64

  init(_ memory: consuming ProcessMemory, _ address: UInt64) {
    self.memory = memory
    self.address = address
  }

  var room: Int? { nil }

  /// A page that the process has not touched yet is charged to its control groups. At their limit the kernel
  /// ends that process, not this process.
  func requireRoom(_ parts: [Range<Int>], _ attempt: String) throws(ShmError) {
    for part in parts { try requireRoom(part.count, at: part.lowerBound, attempt) }
  }

  private func requireRoom(
    _ count: Int, at place: Int, _ attempt: String
  ) throws(ShmError) {
    guard let start = try? start(place) else { return }
    let (end, overflow) = start.addingReportingOverflow(UInt64(count))
    guard !overflow, end < UInt64(Int.max) else { return }
    let pages = PageMath.pageSize
    let range =
      start / UInt64(pages) * UInt64(pages)..<(end + UInt64(pages) - 1) / UInt64(pages)
      * UInt64(pages)
    var missing = 0
    // Shared pages may already have memory.
    for map in ProcessMap.all(of: memory.process) ?? []
    where !map.isShared && map.addresses.overlaps(range) {
      let part = map.addresses.clamped(to: range)
      let own = try? CopiedPages.bytes(
        at: part, of: ProcessThreads.directory(of: memory.process).appending("pagemap"))
      missing += Int(part.count) - (own ?? Int(part.count))
    }
    try MemoryRoom.require(missing, attempt, of: memory.process)
  }

  /// The addresses and the mapped files.
  func extents(_ count: Int) -> [Extent] {
    let own = Extent(.process(memory.process), start: address, count: count)
    let mapped = (ProcessMap.all(of: memory.process) ?? []).compactMap { (map) -> Extent? in
      guard map.isOfRegion, map.addresses.overlaps(own.range) else { return nil }
      let part = map.addresses.clamped(to: own.range)
      return Extent(
        .file(map.identity), start: map.offset &+ (part.lowerBound - map.addresses.lowerBound),
        count: part.count)
    }
    return [own] + mapped
  }

  func read(
    into buffer: UnsafeMutableRawBufferPointer, at place: Int, _ attempt: String
  ) throws(EndFailure) -> Int {
    do throws(ProcessMemoryFailure) {
      try unsafe memory.read(at: try start(place), into: buffer)
      return buffer.count
    } catch {
      return try came(error, attempt)
    }
  }

  func write(
    _ buffer: UnsafeRawBufferPointer, at place: Int, _ attempt: String
  ) throws(EndFailure) -> Int {
    do throws(ProcessMemoryFailure) {
      try unsafe memory.write(buffer, at: try start(place))
      return buffer.count
    } catch {
      return try came(error, attempt)
    }
  }

  private func start(_ place: Int) throws(ProcessMemoryFailure) -> UInt64 {
    let (start, overflow) = address.addingReportingOverflow(UInt64(place))
    if overflow { throw ProcessMemoryFailure(.noAddress, memory.process, address) }
    return start
  }

  /// The bytes that were copied before are valid. The next call reports the same error and copies nothing.
  private func came(
    _ failure: ProcessMemoryFailure, _ attempt: String
  ) throws(EndFailure) -> Int {
    if failure.copied > 0, failure.cause != .ended { return failure.copied }
    if failure.cause == .buffer { throw .buffer }
    throw .own(failure.error(attempt))
  }
}
