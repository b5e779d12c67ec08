import Glibc
import ShmCore

/// An open end of a block copy. Offsets are in bytes from the start of the copy in this end.
protocol OpenEnd: AnyObject {
  /// The number of bytes from there on; nil if unknown, as for a process and a stream.
  var room: Int? { get }

  /// The identity of its first `count` bytes, to detect overlapping ends.
  func extents(_ count: Int) -> [Extent]

  /// Copies bytes at `place` into `buffer`, from its start, and returns how many: 0 at the end.
  func read(
    into buffer: UnsafeMutableRawBufferPointer, at place: Int, _ attempt: String
  ) throws(EndFailure) -> Int

  /// Finds the holes of the file; nil for an end without holes.
  var holes: HoleFinder? { get set }

  /// The offset in the file at which the copy starts.
  var offset: Int { get }

  /// Whether `clear` leaves holes. Other ends get zeros, which need room.
  var keepsHoles: Bool { get }

  /// Writes zeros over `count` bytes at `place`. Holes stay holes and get no memory.
  ///
  /// - Returns: whether that was possible. Otherwise the caller writes zeros.
  func clear(_ count: Int, at place: Int, _ attempt: String) throws(ShmError) -> Bool

  /// Copies the beginning of `buffer` to `place`, and returns the number of copied bytes, which is at least 1.
  func write(
    _ buffer: UnsafeRawBufferPointer, at place: Int, _ attempt: String
  ) throws(EndFailure) -> Int

  /// Checks, before the parts are written, that memory has room for them. The parts are byte ranges from the start of
  /// the copy.
  func requireRoom(_ parts: [Range<Int>], _ attempt: String) throws(ShmError)

  /// Whether the written bytes are stored on the device; nil without a device.
  var isSynchronized: Bool? { get }

  /// Called after `count` bytes were read to its end. Throws if it changed in the meantime.
  func checkUnchanged(_ count: Int, _ attempt: String) throws(ShmError)

  /// Called when `count` bytes were written to it and no more will come.
  ///
  /// - Parameters:
  ///   - count: the number of written bytes.
  ///   - isWhole: whether the copy is complete.
  ///   - attempt: the words for errors.
  /// - Throws: `ShmError` if it cannot be truncated.
  func finish(_ count: Int, isWhole: Bool, _ attempt: String) throws(ShmError)
}

extension OpenEnd {
  /// Ends other than memory are not checked.
  func requireRoom(_ parts: [Range<Int>], _ attempt: String) throws(ShmError) {}
}

/// The object that contains an end.
struct Extent: Equatable {
  enum Whole: Equatable {
    case file(RegionIdentity)
    case process(Int32)
  }

  let whole: Whole
  let range: Range<UInt64>

  init(_ whole: Whole, start: UInt64, count: Int) {
    self.whole = whole
    let (end, overflow) = start.addingReportingOverflow(UInt64(max(0, count)))
    range = start..<(overflow ? .max : end)
  }

  /// Whether the two have bytes in common.
  func overlaps(_ other: Extent) -> Bool {
    whole == other.whole && range.overlaps(other.range)
  }
}

/// Why an end could not give or take bytes.
enum EndFailure: Error {
  /// The buffer has no page: it maps memory of the other end.
  case buffer
  /// The error of this end.
  case own(ShmError)

  /// The error if the buffer of this process has no page because the kernel lacks memory.
  static func noBuffer(_ attempt: String) -> ShmError {
    ShmError(
      .noSpace, attempt,
      "the kernel cannot access the buffer of this process (possibly for lack of memory)",
      remedy: "free memory, or raise memory.max of the control group", errorNumber: EFAULT)
  }
}

extension OpenEnd {
  var holes: HoleFinder? {
    get { nil }
    set {}
  }

  var offset: Int { 0 }

  /// The length of the hole at `place`, in bytes, up to `count`; 0 if there is data.
  func hole(at place: Int, _ count: Int) -> Int {
    holes?.hole(at: offset + place, limit: offset + place + count) ?? 0
  }

  /// The number of bytes from `place` on, up to `count`, before the next hole; `count` if it is not known.
  func data(at place: Int, _ count: Int) -> Int {
    holes?.data(at: offset + place, limit: offset + place + count) ?? count
  }

  /// Calls `body` with the parts of `range` that have data, in order.
  func forEachData(
    in range: Range<Int>, _ body: (Range<Int>) throws(ShmError) -> Void
  ) throws(ShmError) {
    guard var holes else { return try body(range) }
    let (base, file) = (offset, offset + range.lowerBound..<offset + range.upperBound)
    try holes.forEachData(in: file) { (part) throws(ShmError) in
      try body(part.lowerBound - base..<part.upperBound - base)
    }
  }

  var keepsHoles: Bool { false }

  func clear(_ count: Int, at place: Int, _ attempt: String) throws(ShmError) -> Bool { false }

  var isSynchronized: Bool? { nil }

  func checkUnchanged(_ count: Int, _ attempt: String) throws(ShmError) {}

  func finish(_ count: Int, isWhole: Bool, _ attempt: String) throws(ShmError) {}
}
