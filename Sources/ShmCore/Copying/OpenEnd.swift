/// An open end of a block copy. Places are counted in bytes from where the copy begins in it.
protocol OpenEnd: AnyObject {
  /// How many bytes it has from there on; nil where it does not say, as a process and a stream.
  var room: Int? { get }

  /// What it is, and which bytes from where on, so that a copy onto itself is told.
  var extent: Extent? { get }

  /// Copies bytes at `place` into `buffer`, from its start, and returns how many: 0 at the end.
  func read(
    into buffer: UnsafeMutableRawBufferPointer, at place: Int, _ attempt: String
  ) throws(EndFailure) -> Int

  /// Copies the beginning of `buffer` to `place`, and returns how many bytes: one at least.
  func write(
    _ buffer: UnsafeRawBufferPointer, at place: Int, _ attempt: String
  ) throws(EndFailure) -> Int

  /// Called when `count` bytes were written to it and no more will come, whether all is well or not.
  func finish(_ count: Int, _ attempt: String) throws(ShmError)
}

/// What an end is a part of.
struct Extent: Equatable {
  enum Whole: Equatable {
    case file(RegionIdentity)
    case process(Int32)
  }

  let whole: Whole
  let start: UInt64

  /// Whether `count` bytes from the one on and as many from the other on have bytes in common.
  func overlaps(_ other: Extent, count: Int) -> Bool {
    let distance = max(start, other.start) - min(start, other.start)
    return whole == other.whole && distance < UInt64(count)
  }
}

/// Why an end could not give or take bytes.
enum EndFailure: Error {
  /// The buffer has no page: what it maps belongs to the other end.
  case buffer
  /// Its own reason.
  case own(ShmError)
}

extension OpenEnd {
  func finish(_ count: Int, _ attempt: String) throws(ShmError) {}
}
