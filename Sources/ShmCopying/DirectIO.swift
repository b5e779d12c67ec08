import CShm
import Glibc
public import ShmCore
public import SystemPackage

/// A file or a block device that is read and written past the page cache, straight into and out of the
/// pages of a region. open(2), O_DIRECT
///
/// Several requests are under way at once, each by a thread; the pages that one works on are wired
/// meanwhile. What does not begin or end on a block goes through a buffer. The machine's cache stays as
/// it is, and the bytes are not copied.
///
/// ```swift
/// let region = try Region.open(RegionReference("cache"))
/// let file = try DirectIO(reading: "weights.bin")
/// var copied = 0
/// try file.read(at: 0, count: 1 << 30, into: region, at: 0, copied: &copied)
/// ```
public struct DirectIO: ~Copyable {
  /// How a transfer was done.
  public struct Method: Sendable, Equatable {
    /// How many requests were under way at once, each by a thread.
    public let requests: Int
    /// The bytes of one request.
    public let requestSize: Int
    /// What offsets, lengths and memory were multiples of, in bytes.
    public let blockSize: Int
    /// Whether the region's own pages were worked on; else a buffer, for the offsets in the region and
    /// in the file do not lie alike in a block.
    public let isIntoPages: Bool
  }

  /// How many requests are under way at once, unless the memlock limit allows fewer.
  private static let requests = 4
  /// The bytes of one request. To wire and to check costs the same for each, so they are large.
  static let requestSize = 16 << 20
  /// The same under a memlock limit: four of them are what most systems let everybody wire.
  private static let smallRequestSize = 2 << 20

  /// What it is called in messages.
  let name: String
  let direct: OwnedDescriptor
  /// For what does not fill a block at the ends of a write; nil where it is only read. Its owner
  /// follows.
  let buffered: CInt?
  private let bufferedOwner: OwnedDescriptor?
  /// What offsets, lengths and memory are multiples of, in bytes: a page at least, so that what goes
  /// through the page cache and what goes past it never lie on one.
  public let blockSize: Int

  /// Opens a file or a block device to be read.
  ///
  /// - Parameter path: which one.
  /// - Throws: `ShmError`: `notFound`, `notPermitted`, `system` where its file system refuses O_DIRECT.
  public init(reading path: FilePath) throws(ShmError) {
    try self.init(path, isWriting: false)
  }

  /// Opens an existing file, or a block device, to be written.
  ///
  /// - Parameter path: which one.
  /// - Throws: `ShmError`: `notFound`, `notPermitted`, `system` where its file system refuses O_DIRECT.
  public init(writing path: FilePath) throws(ShmError) {
    try self.init(path, isWriting: true)
  }

  private init(_ path: FilePath, isWriting: Bool) throws(ShmError) {
    let name = Escaping.quoted(path.bytes)
    let attempt = "cannot open \(name) for direct input and output"
    let status = try Self.check(path, attempt)
    let flags = isWriting ? O_WRONLY : O_RDONLY
    let descriptor = try ShmError.explaining({ (error) in
      error == .invalidArgument ? Self.refusal(attempt, error) : ShmError(attempt, error)
    }) { () throws(Errno) in
      try FileSystem.open(path, flags | cshm_O_DIRECT)
    }
    var number: CInt?
    var owner: OwnedDescriptor?
    if isWriting {
      let second = try ShmError.saying(attempt) { () throws(Errno) in
        try FileSystem.open(path, flags)
      }
      number = second.raw
      owner = consume second
    }
    blockSize = try Self.block(of: descriptor, status, attempt)
    self.name = name
    direct = descriptor
    buffered = number
    bufferedOwner = consume owner
  }

  /// What a file system that knows no O_DIRECT is told as.
  static func refusal(_ attempt: String, _ error: Errno? = nil) -> ShmError {
    ShmError(
      .system, attempt, "its file system refuses O_DIRECT",
      remedy: .usePageCache, errorNumber: error?.rawValue)
  }

  /// What can be known before it is opened: on some kernels a tmpfs refuses O_DIRECT, on others it
  /// accepts it and there is nothing that it does.
  private static func check(_ path: FilePath, _ attempt: String) throws(ShmError) -> stat {
    let status = try ShmError.saying(attempt) { () throws(Errno) in
      try FileSystem.followedStatus(path)
    }
    switch status.st_mode & S_IFMT {
    case S_IFBLK: return status
    case S_IFREG: break
    default: throw ShmError(.usage, attempt, "it is neither a file nor a block device")
    }
    let kind = try ShmError.saying(attempt) { () throws(Errno) in
      MemoryFileSystem(try FileSystem.fileSystemStatus(path)).kind
    }
    guard kind == .other else {
      throw ShmError(
        .system, attempt, "it lies on a \(kind), in memory: there is no device behind it",
        remedy: .usePageCache)
    }
    return status
  }

  /// The alignment that it wants. statx(2), ioctl(2)
  private static func block(
    of descriptor: borrowing OwnedDescriptor, _ status: stat, _ attempt: String
  ) throws(ShmError) -> Int {
    let isDevice = status.st_mode & S_IFMT == S_IFBLK
    var (memory, offset): (UInt32, UInt32) = (0, 0)
    var wanted = 0
    if unsafe cshm_direct_alignment(descriptor.raw, &memory, &offset) == 0 {
      if offset == 0 { throw refusal(attempt) }
      wanted = Int(max(memory, offset))
    } else if isDevice {
      wanted = Int(cshm_block_size(descriptor.raw))
    }
    let block = max(PageMath.pageSize, wanted, isDevice ? 0 : Int(status.st_blksize))
    guard block & (block - 1) == 0, block <= smallRequestSize else {
      throw ShmError(.system, attempt, "its blocks of \(block) bytes are not understood")
    }
    return block
  }

  /// How many bytes the file or the device has now. lseek(2)
  func size(_ attempt: String) throws(ShmError) -> Int {
    try ShmError.saying(attempt) { () throws(Errno) in
      try direct.seek(.end, from: 0) ?? 0
    }
  }

  /// How a transfer is to be done: within the memlock limit, but for one request, which is refused with
  /// the reason.
  func method(isIntoPages: Bool) -> Method {
    var (requests, size) = (Self.requests, Self.requestSize)
    if isIntoPages, let room = (try? WiringLimits.current())?.remaining, room < requests * size {
      size = Self.smallRequestSize
      requests = max(1, min(requests, room / size))
    }
    return Method(
      requests: requests, requestSize: size, blockSize: blockSize, isIntoPages: isIntoPages)
  }
}
