import CShm
import Glibc
public import ShmCore
public import SystemPackage

/// A file or a block device that is read and written past the page cache, straight into and out of the
/// pages of a region. open(2), O_DIRECT
///
/// Several threads make requests in parallel. The pages of a request are wired while it runs. Data that is not
/// aligned to blocks goes through a buffer. The page cache is not used, and aligned data is not copied.
///
/// ```swift
/// let region = try Region.open(RegionReference("cache"))
/// let file = try DirectIO(reading: "weights.bin")
/// try file.read(at: 0, count: 1 << 30, into: region, at: 0)
/// ```
public struct DirectIO: ~Copyable, Sendable {
  /// How a transfer was done.
  public struct Method: Sendable, Equatable {
    /// The number of parallel requests, one per thread.
    public let requests: Int
    /// The bytes of one request.
    public let requestSize: Int
    /// The alignment of offsets, lengths and memory, in bytes.
    public let blockSize: Int
    /// Whether the device worked on the region's pages. Otherwise a buffer was used, because the offsets in the region
    /// and in the file differ within a block.
    public let isIntoPages: Bool
  }

  /// The error of a transfer, with the number of copied bytes.
  public struct Failure: Error, Sendable, CustomStringConvertible {
    /// The cause.
    public let error: ShmError
    /// The number of bytes that were copied without a gap from the start of the range. Later bytes may also have been
    /// copied.
    public let copied: Int

    /// The message of the error and the number of copied bytes.
    public var description: String { "\(error); \(copied) bytes were copied" }
  }

  /// How many requests are under way at once, unless the memlock limit allows fewer.
  private static let requests = 4
  /// The bytes of one request. To wire and to check costs the same for each, so they are large.
  static let requestSize = 16 << 20
  /// The size of a request under a memlock limit. Four requests fit the default limit of most systems.
  private static let smallRequestSize = 2 << 20

  /// Its name in messages.
  let name: String
  let direct: OwnedDescriptor
  /// The buffered descriptor for partial blocks at the ends of a write; nil if the file is only read. Its owner
  /// follows.
  let buffered: CInt?
  private let bufferedOwner: OwnedDescriptor?
  /// The alignment of offsets, lengths and memory, in bytes. It is at least a page, so that no page is used by direct
  /// and by buffered I/O.
  public let blockSize: Int

  /// Opens a file or a block device to be read.
  ///
  /// - Parameter path: the file or device.
  /// - Throws: `ShmError`: `notFound`, `notPermitted`, `system` if its file system refuses O_DIRECT.
  public init(reading path: FilePath) throws(ShmError) {
    try self.init(path, isWriting: false)
  }

  /// Opens an existing file, or a block device, to be written.
  ///
  /// - Parameter path: the file or device.
  /// - Throws: `ShmError`: `notFound`, `notPermitted`, `system` if its file system refuses O_DIRECT.
  public init(writing path: FilePath) throws(ShmError) {
    try self.init(path, isWriting: true)
  }

  private init(_ path: FilePath, isWriting: Bool) throws(ShmError) {
    let name = Escaping.quoted(path.bytes)
    let attempt = "cannot open \(name) for direct I/O"
    let status = try Self.check(path, attempt)
    let flags = isWriting ? O_WRONLY : O_RDONLY
    let descriptor: OwnedDescriptor
    do {
      descriptor = try FileSystem.open(path, flags | cshm_O_DIRECT)
    } catch {
      throw error == .invalidArgument ? Self.refusal(attempt, error) : ShmError(attempt, error)
    }
    var number: CInt?
    var owner: OwnedDescriptor?
    if isWriting {
      let second: OwnedDescriptor
      do { second = try FileSystem.open(path, flags) } catch { throw ShmError(attempt, error) }
      number = second.raw
      owner = consume second
    }
    blockSize = try Self.block(of: descriptor, status, attempt)
    self.name = name
    direct = descriptor
    buffered = number
    bufferedOwner = consume owner
  }

  /// The error for a file system without O_DIRECT.
  static func refusal(_ attempt: String, _ error: Errno? = nil) -> ShmError {
    ShmError(
      .system, attempt, "its file system refuses O_DIRECT",
      remedy: .usePageCache, errorNumber: error?.rawValue)
  }

  /// Checks the file before it is opened. Some kernels refuse O_DIRECT on tmpfs; others accept it without any effect.
  private static func check(_ path: FilePath, _ attempt: String) throws(ShmError) -> stat {
    let status: stat
    do { status = try FileSystem.followedStatus(path) } catch { throw ShmError(attempt, error) }
    switch status.st_mode & S_IFMT {
    case S_IFBLK: return status
    case S_IFREG: break
    default: throw ShmError(.incompatible, attempt, "not a regular file or a block device")
    }
    let kind: MemoryFileSystem.Kind
    do {
      kind = MemoryFileSystem(try FileSystem.fileSystemStatus(path)).kind
    } catch {
      throw ShmError(attempt, error)
    }
    guard kind == .other else {
      throw ShmError(
        .system, attempt, "it lies on a \(kind), in memory, without a device",
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
      throw ShmError(.system, attempt, "its block size of \(block) bytes is not supported")
    }
    return block
  }

  /// How many bytes the file or the device has now. lseek(2)
  func size(_ attempt: String) throws(ShmError) -> Int {
    do throws(Errno) {
      return try direct.seek(.end, from: 0) ?? 0
    } catch {
      throw ShmError(attempt, error)
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
