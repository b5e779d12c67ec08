import CShm
import Glibc
import SystemPackage

/// A regular file or a block device as an end of a block copy.
final class FileEnd: OpenEnd {
  private let descriptor: OwnedDescriptor
  private let path: FilePath
  private let offset: Int
  let room: Int?
  private let identity: RegionIdentity
  /// Whether the file ends where the copy does.
  private let isCut: Bool
  private let isNew: Bool
  /// How long a file was before; nil for a device.
  private let size: Int?

  private init(
    _ descriptor: consuming OwnedDescriptor, _ path: FilePath, _ status: stat, offset: Int,
    room: Int?, isCut: Bool = false, isNew: Bool = false
  ) {
    identity = RegionIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    self.descriptor = descriptor
    self.path = path
    self.offset = offset
    self.room = room
    self.isCut = isCut
    self.isNew = isNew
    size = status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
  }

  /// Opens a file to be read; one that has no size to rely on, as a FIFO or a file of /proc, in order.
  static func reading(
    _ path: FilePath, offset: Int?, _ attempt: String
  ) throws(ShmError) -> any OpenEnd {
    let descriptor = try open(path, O_RDONLY, attempt)
    let status = try status(of: descriptor, attempt)
    guard let size = try size(of: descriptor, status, attempt), size > 0 else {
      try refuse(offset, path, attempt)
      return StreamEnd(descriptor)
    }
    let offset = offset ?? 0
    if offset >= size {
      throw ShmError(
        .usage, attempt, "byte \(offset) of \(quoted(path)) lies past its end at \(size)")
    }
    return FileEnd(descriptor, path, status, offset: offset, room: size - offset)
  }

  /// Opens a file to be written, and makes it where there is none.
  static func writing(
    _ path: FilePath, offset: Int?, _ attempt: String
  ) throws(ShmError) -> any OpenEnd {
    let isNew = !FileSystem.exists(path)
    let descriptor = try open(path, isNew ? O_WRONLY | O_CREAT | O_EXCL : O_WRONLY, attempt)
    let status = try status(of: descriptor, attempt)
    guard let size = try size(of: descriptor, status, attempt) else {
      try refuse(offset, path, attempt)
      return StreamEnd(descriptor)
    }
    let isDevice = status.st_mode & S_IFMT == S_IFBLK
    if isDevice, offset ?? 0 >= size {
      throw ShmError(
        .usage, attempt, "byte \(offset ?? 0) of \(quoted(path)) lies past its end at \(size)")
    }
    return FileEnd(
      descriptor, path, status, offset: offset ?? 0, room: isDevice ? size - (offset ?? 0) : nil,
      isCut: offset == nil && !isDevice, isNew: isNew)
  }

  private static func quoted(_ path: FilePath) -> String {
    "'\(Escaping.printable(path.string))'"
  }

  private static func open(
    _ path: FilePath, _ flags: CInt, _ attempt: String
  ) throws(ShmError) -> OwnedDescriptor {
    do throws(Errno) {
      return try FileSystem.open(path, flags, mode: 0o666)
    } catch {
      throw ShmError(
        error == .isDirectory ? .inputOutput : error.code, attempt,
        "\(quoted(path)): \(error.reason)", remedy: error.remedy,
        errorNumber: error.rawValue)
    }
  }

  private static func status(
    of descriptor: borrowing OwnedDescriptor, _ attempt: String
  ) throws(ShmError) -> stat {
    try ShmError.saying(attempt) { () throws(Errno) in try descriptor.status() }
  }

  /// nil for what has no offsets.
  private static func size(
    of descriptor: borrowing OwnedDescriptor, _ status: stat, _ attempt: String
  ) throws(ShmError) -> Int? {
    switch status.st_mode & S_IFMT {
    case S_IFREG: return Int(status.st_size)
    case S_IFBLK:
      return try ShmError.saying(attempt) { () throws(Errno) in
        try descriptor.seek(.end, from: 0)
      }
    case S_IFDIR: throw ShmError(.inputOutput, attempt, "it is a directory")
    default: return nil
    }
  }

  private static func refuse(
    _ offset: Int?, _ path: FilePath, _ attempt: String
  ) throws(ShmError) {
    if offset ?? 0 > 0 {
      throw ShmError(
        .usage, attempt, "\(quoted(path)) gives its bytes in order, and has no offsets")
    }
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
      return try unsafe descriptor.write(buffer, at: start)
    } catch .badAddress {
      throw .buffer
    } catch {
      throw .own(DescriptorIO.explain(error, attempt))
    }
  }

  private func start(_ place: Int, _ attempt: String) throws(EndFailure) -> Int {
    let (start, overflow) = offset.addingReportingOverflow(place)
    if overflow { throw .own(ShmError(.usage, attempt, "the range passes 2^63 - 1")) }
    return start
  }

  /// A whole copy ends the file; one that failed leaves what it has written, and nothing else: a file
  /// that was made for it, and got none of it, goes again, if it still has its name.
  func finish(_ count: Int, isWhole: Bool, _ attempt: String) throws(ShmError) {
    if isNew, !isWhole, count == 0 {
      if let status = try? FileSystem.status(path), RegionIdentity(status) == identity {
        try? FileSystem.unlink(path)
      }
      return
    }
    let end = offset + count
    guard let size,
      let wanted = isCut && (isWhole || count > 0) ? end : isWhole ? nil : max(size, end)
    else { return }
    try ShmError.explaining({ DescriptorIO.explain($0, attempt) }) { () throws(Errno) in
      if try descriptor.status().st_size > wanted { try descriptor.truncate(to: wanted) }
    }
  }
}
