package import CShm
import Glibc
public import SystemPackage

/// The file system that a region lies on, and its room. statfs(2)
///
/// ```swift
/// let fileSystem = try MemoryFileSystem.at("/dev/shm")
/// print(fileSystem.kind, fileSystem.free ?? -1)
/// ```
public struct MemoryFileSystem: Sendable {
  /// The kinds that matter to shared memory.
  public enum Kind: String, Sendable {
    /// Pages in RAM or swap.
    case tmpfs
    /// Huge pages from the pool.
    case hugetlbfs
    /// Pages in RAM, without a limit.
    case ramfs
    /// A file system on a device, or any other.
    case other
  }

  /// The kind of the file system.
  public let kind: Kind
  /// Its size limit in bytes; nil if it has no limit.
  public let total: Int?
  /// The free bytes; nil if it has no limit.
  public let free: Int?
  /// The limit on its number of files; nil if it has no limit.
  public let totalInodes: Int?
  /// The number of files that can still be created; nil if it has no limit.
  public let freeInodes: Int?
  /// The size of its blocks in bytes: on hugetlbfs a huge page.
  public let blockSize: Int
  /// The number of its type, as statfs(2) gives it in `f_type`.
  let type: Int64

  /// The size of the pages that its files lie on, in bytes.
  public var pageSize: Int { kind == .hugetlbfs ? blockSize : PageMath.pageSize }

  /// Whether its pages are never paged out, wired or not: huge pages, ramfs, and a tmpfs mounted
  /// `noswap`. tmpfs(5)
  ///
  /// - Parameters:
  ///   - device: its number, as stat(2) gives it in `st_dev`.
  ///   - mounts: the table that contains its mount options.
  /// - Returns: true if they are never paged out; false if not, or if its mount is not visible here.
  package func isUnswappable(device: UInt64, in mounts: MountTable = .current()) -> Bool {
    switch kind {
    case .hugetlbfs, .ramfs: true
    case .tmpfs: mounts.isNoSwap(device: device)
    case .other: false
    }
  }

  package init(_ status: cshm_filesystem) {
    type = status.type
    switch status.type {
    case cshm_TMPFS_MAGIC: kind = .tmpfs
    case cshm_HUGETLBFS_MAGIC: kind = .hugetlbfs
    case cshm_RAMFS_MAGIC: kind = .ramfs
    default: kind = .other
    }
    let blockSize = max(1, Int(clamping: status.block_size))
    self.blockSize = blockSize
    // Without a limit the kernel reports 0, or a number larger than any machine's memory.
    func limited(_ total: UInt64, _ value: UInt64, unit: Int) -> Int? {
      guard total > 0, total < 1 << 47 else { return nil }
      let (product, overflow) = Int(clamping: value).multipliedReportingOverflow(by: unit)
      return overflow ? nil : product
    }
    total = limited(status.blocks, status.blocks, unit: blockSize)
    free = limited(status.blocks, status.available, unit: blockSize)
    totalInodes = limited(status.files, status.files, unit: 1)
    freeInodes = limited(status.files, status.free_files, unit: 1)
  }

  /// An internal mount of the kernel, which statfs(2) cannot reach: it has no limit.
  package init(internal kind: Kind) {
    self.kind = kind
    type = kind == .hugetlbfs ? cshm_HUGETLBFS_MAGIC : cshm_TMPFS_MAGIC
    (total, free, totalInodes, freeInodes, blockSize) = (nil, nil, nil, nil, PageMath.pageSize)
  }

  /// The file system at `path`, for reports.
  ///
  /// - Throws: `ShmError` if the path cannot be reached.
  public static func at(_ path: FilePath) throws(ShmError) -> MemoryFileSystem {
    let attempt = "cannot inspect the file system of \(Escaping.quoted(path.bytes))"
    do throws(Errno) {
      return MemoryFileSystem(try FileSystem.fileSystemStatus(path))
    } catch {
      throw ShmError(attempt, error)
    }
  }
}
