import Glibc
import ShmCore
import SystemPackage

/// A region as an end of a block copy. Bytes for it are copied once, into its pages, by a system call of the other end.
/// Bytes from it go through a buffer: reading a hole through a mapping takes memory, and reading it with a system call
/// does not.
final class RegionEnd: OpenEnd {
  let region: Region
  let offset: Int
  private let size: Int
  private let identity: RegionIdentity
  private var writer: RegionWriter?
  private var roomGuard: RoomGuard?
  var holes: HoleFinder?
  private var zeros = RegionZeros()

  init(
    _ region: consuming Region, offset: Int, _ attempt: String
  ) throws(ShmError) {
    let status = try region.status()
    size = status.size
    identity = status.identity
    if size == 0 { throw ShmError(.doesNotFit, attempt, "\(region.quoted) is empty") }
    if offset >= size {
      throw ShmError(
        .doesNotFit, attempt,
        "offset \(offset) is beyond the end of \(region.quoted) (\(size) bytes)")
    }
    self.offset = offset
    self.region = region
    holes = HoleFinder(self.region.rawDescriptor)
  }

  var room: Int? { size - offset }

  func requireRoom(_ parts: [Range<Int>], _ attempt: String) throws(ShmError) {
    var room = roomGuard ?? RoomGuard(region, attempt)
    // A range beyond the region's end is a different error.
    let whole = offset..<size
    try room.require(
      parts.map { (offset + $0.lowerBound..<offset + $0.upperBound).clamped(to: whole) })
    roomGuard = room
  }

  func extents(_ count: Int) -> [Extent] {
    [Extent(.file(identity), start: UInt64(offset), count: count)]
  }

  /// Whether its pages can be mapped up to there: not the last that an offset can name.
  func canBeMapped(_ count: Int, at place: Int) -> Bool {
    offset + place + count <= PageMath.roundDown(Int.max, to: 1 << 30)
  }

  /// How many of `count` bytes from the beginning of the copy on the region still has.
  func remaining(of count: Int) -> Int {
    guard let size = try? region.status().size else { return count }
    return max(0, min(count, size - offset))
  }

  func read(
    into buffer: UnsafeMutableRawBufferPointer, at place: Int, _ attempt: String
  ) throws(EndFailure) -> Int {
    do throws(Errno) {
      return try unsafe region.descriptor.read(into: buffer, at: offset + place)
    } catch .badAddress {
      throw .buffer
    } catch {
      throw .own(ShmError(attempt, error))
    }
  }

  func write(
    _ buffer: UnsafeRawBufferPointer, at place: Int, _ attempt: String
  ) throws(EndFailure) -> Int {
    do {
      try prepareWriter()
      try unsafe writer?.write(buffer, at: offset + place, of: region)
      return buffer.count
    } catch {
      throw .own(error)
    }
  }

  /// Takes `count` bytes from `source` at `place`, straight into its pages.
  ///
  /// - Parameters:
  ///   - count: the number of bytes.
  ///   - source: the other end.
  ///   - place: the offset in the copy.
  ///   - attempt: the operation, for messages.
  ///   - progress: called with the bytes of each call, even if a later call fails.
  /// - Returns: the number of copied bytes.
  /// - Throws: `ShmError` of the end that failed.
  func take(
    _ count: Int, from source: any OpenEnd, at place: Int, _ attempt: String,
    progress: (Int) -> Void
  ) throws(ShmError) -> Int {
    try prepareWriter()
    var failure: ShmError?
    let start = offset + place
    let done = try unsafe writer?.fill(start..<start + count, of: region, attempt) {
      (done, target) throws(Errno) in
      do throws(EndFailure) {
        let count = try unsafe source.read(into: target, at: place + done, attempt)
        progress(count)
        return count
      } catch {
        switch error {
        case .buffer: throw .badAddress
        case .own(let error):
          failure = error
          return 0
        }
      }
    }
    if let failure { throw failure }
    return done ?? 0
  }

  var keepsHoles: Bool { true }

  func clear(_ count: Int, at place: Int, _ attempt: String) throws(ShmError) -> Bool {
    try prepareWriter()
    guard var writer = writer.take() else { return false }
    let start = offset + place
    do throws(ShmError) {
      try zeros.clear(start..<start + count, of: region, by: &writer)
    } catch {
      self.writer = consume writer
      throw error
    }
    self.writer = consume writer
    return true
  }

  private func prepareWriter() throws(ShmError) {
    if writer == nil { writer = try RegionWriter(region) }
  }
}
