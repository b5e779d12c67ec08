import Glibc
import ShmCore
import SystemPackage

/// A descriptor that is read or written once and in order.
final class StreamEnd: OpenEnd {
  private let raw: CInt
  /// Nothing for the standard streams, which stay open.
  private let owned: OwnedDescriptor?
  /// The state of a regular file at the start; nil for other files.
  private let state: InputState?
  /// Synchronizes the file of a descriptor that the user specified.
  private var writeBack: WriteBack?
  private var roomGuard: RoomGuard?

  private init(_ raw: CInt, state: InputState? = nil) {
    self.raw = raw
    self.state = state
    owned = nil
  }

  init(_ descriptor: consuming OwnedDescriptor, isSynchronized: Bool? = nil) {
    raw = descriptor.raw
    state = nil
    writeBack = isSynchronized.map { WriteBack(descriptor.raw, isWanted: $0) }
    owned = consume descriptor
  }

  static func standardInput() throws(ShmError) -> StreamEnd {
    let input = try InputSource("-")
    return StreamEnd(STDIN_FILENO, state: input.state)
  }

  var room: Int? { state?.remaining }

  var isSynchronized: Bool? { writeBack?.isDone }

  func checkUnchanged(_ count: Int, _ attempt: String) throws(ShmError) {
    try state?.check(read: count, attempt)
  }

  func finish(_ count: Int, isWhole: Bool, _ attempt: String) throws(ShmError) {
    if isWhole { try writeBack?.finish(upTo: 0, attempt) }
  }

  func requireRoom(_ parts: [Range<Int>], _ attempt: String) throws(ShmError) {
    var room = roomGuard ?? RoomGuard(raw, attempt)
    for part in parts { try room.require(next: part.count) }
    roomGuard = room
  }

  static func standardOutput() -> StreamEnd { StreamEnd(STDOUT_FILENO) }

  /// The remaining bytes of a redirected file from its current offset. lseek(2)
  func extents(_ count: Int) -> [Extent] {
    var status = stat()
    guard unsafe fstat(raw, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return [] }
    let place = lseek(raw, 0, SEEK_CUR)
    return place < 0
      ? [] : [Extent(.file(RegionIdentity(status)), start: UInt64(place), count: count)]
  }

  func read(
    into buffer: UnsafeMutableRawBufferPointer, at place: Int, _ attempt: String
  ) throws(EndFailure) -> Int {
    do {
      return try unsafe DescriptorIO.read(raw, into: buffer, attempt)
    } catch {
      throw EndFailure(error)
    }
  }

  func write(
    _ buffer: UnsafeRawBufferPointer, at place: Int, _ attempt: String
  ) throws(EndFailure) -> Int {
    do {
      return try unsafe DescriptorIO.write(raw, buffer, attempt)
    } catch {
      throw EndFailure(error)
    }
  }
}

extension EndFailure {
  /// Distinguishes a fault of the buffer from other errors.
  init(_ error: ShmError) {
    self = error.errorNumber == EFAULT ? .buffer : .own(error)
  }
}
