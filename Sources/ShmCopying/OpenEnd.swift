import Glibc
import ShmCore

/// An open end of a block copy. Places are counted in bytes from where the copy begins in it.
protocol OpenEnd: AnyObject {
  /// How many bytes it has from there on; nil where it does not say, as a process and a stream.
  var room: Int? { get }

  /// What its first `count` bytes are, so that a copy onto itself is told.
  func extents(_ count: Int) -> [Extent]

  /// Copies bytes at `place` into `buffer`, from its start, and returns how many: 0 at the end.
  func read(
    into buffer: UnsafeMutableRawBufferPointer, at place: Int, _ attempt: String
  ) throws(EndFailure) -> Int

  /// Copies the beginning of `buffer` to `place`, and returns how many bytes: one at least.
  func write(
    _ buffer: UnsafeRawBufferPointer, at place: Int, _ attempt: String
  ) throws(EndFailure) -> Int

  /// Called before `count` bytes are written at `place`: throws if they have no room in memory.
  func requireRoom(_ count: Int, at place: Int, _ attempt: String) throws(ShmError)

  /// Whether what was written is on its device; nil if there is none.
  var isSynchronized: Bool? { get }

  /// Called when `count` bytes were read from it, to its end: throws if it was changed meanwhile.
  func checkUnchanged(_ count: Int, _ attempt: String) throws(ShmError)

  /// Called when `count` bytes were written to it and no more will come.
  ///
  /// - Parameters:
  ///   - count: how many bytes were written.
  ///   - isWhole: whether these are all, and nothing has failed.
  ///   - attempt: the words for errors.
  /// - Throws: `ShmError` where its end cannot be set.
  func finish(_ count: Int, isWhole: Bool, _ attempt: String) throws(ShmError)
}

extension OpenEnd {
  /// What is not memory is left to the kernel.
  func requireRoom(_ count: Int, at place: Int, _ attempt: String) throws(ShmError) {}
}

/// What an end is a part of.
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
  /// The buffer has no page: what it maps belongs to the other end.
  case buffer
  /// Its own reason.
  case own(ShmError)

  /// The error if it is this process's own buffer that has no page: the kernel finds no memory for one.
  static func noBuffer(_ attempt: String) -> ShmError {
    ShmError(
      .noSpace, attempt,
      "the kernel cannot reach this process's buffer; there may be no memory for it",
      remedy: "free memory, or raise the limit of the memory cgroup", errorNumber: EFAULT)
  }
}

extension OpenEnd {
  var isSynchronized: Bool? { nil }

  func checkUnchanged(_ count: Int, _ attempt: String) throws(ShmError) {}

  func finish(_ count: Int, isWhole: Bool, _ attempt: String) throws(ShmError) {}
}
