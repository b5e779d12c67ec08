import CShm
import Glibc
import ShmCore
import SystemPackage

/// A regular file or a block device as an end of a block copy.
final class FileEnd: OpenEnd {
  private let descriptor: OwnedDescriptor
  let offset: Int
  let room: Int?
  var holes: HoleFinder?
  private let identity: RegionIdentity
  /// The place of a file that was opened for writing.
  private let place: OutputPath?
  /// Whether the file is truncated at the end of the copy.
  private let isCut: Bool
  private let isNew: Bool
  /// How long a file was before; nil for a device.
  private let size: Int?
  /// The state of a regular input file at the start.
  private let state: InputState?
  private var writeBack: WriteBack?
  private var roomGuard: RoomGuard?

  /// For reading.
  private init(
    _ descriptor: consuming OwnedDescriptor, _ status: stat, offset: Int, room: Int,
    state: InputState?
  ) {
    identity = RegionIdentity(status)
    self.descriptor = descriptor
    self.offset = offset
    self.room = room
    self.state = state
    holes = HoleFinder(self.descriptor.raw)
    place = nil
    (isCut, isNew, size) = (false, false, nil)
  }

  /// For writing.
  private init(
    _ descriptor: consuming OwnedDescriptor, at place: consuming OutputPath, _ status: stat,
    offset: Int?, room: Int?, isNew: Bool, isSynchronized: Bool
  ) {
    let isFile = status.st_mode & S_IFMT == S_IFREG
    identity = RegionIdentity(status)
    writeBack = WriteBack(descriptor.raw, from: offset ?? 0, isWanted: isSynchronized)
    self.descriptor = descriptor
    self.offset = offset ?? 0
    self.room = room
    self.isNew = isNew
    self.place = consume place
    isCut = offset == nil && isFile
    size = isFile ? Int(status.st_size) : nil
    state = nil
    holes = isFile ? HoleFinder(self.descriptor.raw) : nil
  }

  /// Opens a file to be read; one that has no size to rely on, as a FIFO or a file of /proc and /sys, in
  /// order.
  static func reading(
    _ path: FilePath, offset: Int?, isDirect: Bool, _ attempt: String
  ) throws(ShmError) -> any OpenEnd {
    let descriptor: OwnedDescriptor
    do {
      descriptor = try FileSystem.open(path, O_RDONLY)
    } catch {
      throw explain(error, path, attempt)
    }
    let status = try status(of: descriptor, attempt)
    let state = InputState(descriptor.raw, isDirect: isDirect)
    guard let size = try size(of: descriptor, status, attempt), size > 0,
      state != nil || status.st_mode & S_IFMT == S_IFBLK
    else {
      if status.st_mode & S_IFMT != S_IFREG {
        try refuse(offset, path, attempt)
      } else if !descriptor.move(to: offset ?? 0) {
        try refuse(offset, path, attempt)
      }
      return StreamEnd(descriptor)
    }
    let offset = offset ?? 0
    if offset >= size {
      throw ShmError(
        .doesNotFit, attempt,
        "offset \(offset) is beyond the end of \(quoted(path)) (\(size) bytes)")
    }
    return FileEnd(descriptor, status, offset: offset, room: size - offset, state: state)
  }

  /// Opens a file for writing, and creates it if it does not exist. In a sticky directory that others can write, files
  /// and links of other users are refused, except those of the directory's owner.
  static func writing(
    _ path: FilePath, offset: Int?, isSynchronized: Bool, _ attempt: String
  ) throws(ShmError) -> any OpenEnd {
    let place: OutputPath
    do {
      place = try OutputPath(following: path)
    } catch {
      throw error == .notPermitted
        ? OutputPath.untrustedLink(quoted(path), attempt) : explain(error, path, attempt)
    }
    if let number = place.descriptor, offset == nil {
      // Written at its place, as by a redirection to it.
      let second: OwnedDescriptor
      do {
        second = try OwnedDescriptor.duplicate(number)
      } catch {
        throw explain(error, path, attempt)
      }
      return StreamEnd(second, isSynchronized: isSynchronized)
    }
    var isNew = false
    try place.checkTrust(quoted(path), attempt)
    let descriptor: OwnedDescriptor
    do {
      descriptor = try place.openForWriting(isNew: &isNew)
    } catch {
      throw explain(error, path, attempt)
    }
    let status = try status(of: descriptor, attempt)
    guard let size = try size(of: descriptor, status, attempt) else {
      try refuse(offset, path, attempt)
      return StreamEnd(descriptor)
    }
    let isDevice = status.st_mode & S_IFMT == S_IFBLK
    if isDevice, offset ?? 0 >= size {
      throw ShmError(
        .doesNotFit, attempt,
        "offset \(offset ?? 0) is beyond the end of \(quoted(path)) (\(size) bytes)")
    }
    return FileEnd(
      descriptor, at: place, status, offset: offset, room: isDevice ? size - (offset ?? 0) : nil,
      isNew: isNew, isSynchronized: isSynchronized)
  }

  private static func quoted(_ path: FilePath) -> String {
    Escaping.quoted(path.bytes)
  }

  private static func explain(_ error: Errno, _ path: FilePath, _ attempt: String) -> ShmError {
    ShmError(
      error.kind, attempt, "\(quoted(path)): \(error.reason)", remedy: error.remedy,
      shortage: error.shortage, errorNumber: error.rawValue)
  }

  private static func status(
    of descriptor: borrowing OwnedDescriptor, _ attempt: String
  ) throws(ShmError) -> stat {
    do throws(Errno) {
      return try descriptor.status()
    } catch {
      throw ShmError(attempt, error)
    }
  }

  /// nil for a file without offsets.
  private static func size(
    of descriptor: borrowing OwnedDescriptor, _ status: stat, _ attempt: String
  ) throws(ShmError) -> Int? {
    switch status.st_mode & S_IFMT {
    case S_IFREG: return Int(status.st_size)
    case S_IFBLK:
      do throws(Errno) {
        return try descriptor.seek(.end, from: 0)
      } catch {
        throw ShmError(attempt, error)
      }
    case S_IFDIR: throw ShmError(.incompatible, attempt, "it is a directory")
    default: return nil
    }
  }

  private static func refuse(
    _ offset: Int?, _ path: FilePath, _ attempt: String
  ) throws(ShmError) {
    if offset ?? 0 > 0 {
      throw ShmError(
        .incompatible, attempt,
        "\(quoted(path)) is a pipe or a character device, which has no offsets")
    }
  }

  func requireRoom(_ parts: [Range<Int>], _ attempt: String) throws(ShmError) {
    guard let end = parts.last?.upperBound, offset <= Int.max - end else { return }
    var room = roomGuard ?? RoomGuard(descriptor.raw, attempt)
    try room.require(parts.map { offset + $0.lowerBound..<offset + $0.upperBound })
    roomGuard = room
  }

  func extents(_ count: Int) -> [Extent] {
    [Extent(.file(identity), start: UInt64(offset), count: count)]
  }

  func read(
    into buffer: UnsafeMutableRawBufferPointer, at place: Int, _ attempt: String
  ) throws(EndFailure) -> Int {
    let start = try self.start(place, attempt)
    do throws(Errno) {
      return try unsafe descriptor.read(into: buffer, at: start)
    } catch .badAddress {
      throw .buffer
    } catch {
      throw .own(DescriptorIO.explain(error, attempt))
    }
  }

  func write(
    _ buffer: UnsafeRawBufferPointer, at place: Int, _ attempt: String
  ) throws(EndFailure) -> Int {
    let start = try self.start(place, attempt)
    do throws(Errno) {
      let written = try unsafe descriptor.write(buffer, at: start)
      writeBack?.advance(to: start + written)
      return written
    } catch .badAddress {
      throw .buffer
    } catch {
      throw .own(DescriptorIO.explain(error, attempt))
    }
  }

  var keepsHoles: Bool { size != nil }

  /// Punches holes into existing data of the file. fallocate(2). Bytes beyond its end become a hole when `finish`
  /// extends the file.
  func clear(_ count: Int, at place: Int, _ attempt: String) throws(ShmError) -> Bool {
    guard let size, var holes else { return false }
    let start = offset + place
    let range = start..<max(start, min(size, start + count))
    do throws(Errno) {
      try holes.forEachData(in: range) { (part) throws(Errno) in
        try descriptor.allocate(
          part, mode: cshm_FALLOC_FL_PUNCH_HOLE | cshm_FALLOC_FL_KEEP_SIZE)
      }
    } catch .notSupported {
      return false
    } catch {
      throw DescriptorIO.explain(error, attempt)
    }
    return true
  }

  private func start(_ place: Int, _ attempt: String) throws(EndFailure) -> Int {
    let (start, overflow) = offset.addingReportingOverflow(place)
    if overflow { throw .own(ShmError(.usage, attempt, "the range exceeds 2^63 - 1")) }
    return start
  }

  var isSynchronized: Bool? { writeBack?.isDone }

  func checkUnchanged(_ count: Int, _ attempt: String) throws(ShmError) {
    try state?.check(read: offset + count, attempt)
  }

  /// A complete copy truncates and synchronizes the file. A failed copy leaves the bytes that it wrote. A new file
  /// without any byte is removed if it still has its name.
  func finish(_ count: Int, isWhole: Bool, _ attempt: String) throws(ShmError) {
    if isNew, !isWhole, count == 0 {
      place?.removeFile(identity)
      return
    }
    let end = offset + count
    if let size {
      let most = isCut && (isWhole || count > 0) ? end : isWhole ? .max : max(size, end)
      // Skipping a hole at the end does not extend the file, so its size is set.
      let least = count > 0 ? end : 0
      do throws(Errno) {
        let now = Int(try descriptor.status().st_size)
        let wanted = max(least, min(now, most))
        if wanted != now { try descriptor.truncate(to: wanted) }
      } catch {
        throw DescriptorIO.explain(error, attempt)
      }
    }
    guard isWhole else { return }
    try writeBack?.finish(upTo: end, attempt)
    if isNew, isSynchronized == true { try place?.synchronizeDirectory(descriptor.raw, attempt) }
  }
}
