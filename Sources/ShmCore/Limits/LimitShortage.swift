public import SystemPackage

/// A limit that is too low, and the figure that it would have to be.
///
/// How the limit is raised depends on the place where the process runs: see `Place`.
///
/// ```swift
/// let shortage = LimitShortage(.resource(.memlock, hard: 8 << 20), needed: 64 << 20)
/// print(shortage)  // raise the memlock limit (RLIMIT_MEMLOCK) to 67108864 bytes …
/// ```
public struct LimitShortage: Hashable, Sendable {
  /// A limit on the resources of one process. getrlimit(2)
  public enum Resource: String, Sendable, CaseIterable {
    /// RLIMIT_MEMLOCK, in bytes.
    case memlock
    /// RLIMIT_AS, in bytes.
    case addressSpace
    /// RLIMIT_NOFILE, a number of descriptors.
    case openFiles
    /// RLIMIT_FSIZE, in bytes.
    case fileSize
  }

  /// The limit that binds.
  public enum Limit: Hashable, Sendable {
    /// A limit of the process; `hard` is its hard limit, nil for none.
    case resource(Resource, hard: Int?)
    /// The number of mappings of a process, vm.max_map_count.
    case mappingCount
    /// The memory of a control group, by the file of the group that sets it. cgroups(7)
    case memoryGroup(version: Int, path: FilePath, file: String)
    /// The huge pages of a control group, by the file of the group that sets it.
    case hugePageGroup(version: Int, path: FilePath, file: String)
    /// The memory of the machine.
    case memory
    /// The memory that the kernel promises, if vm.overcommit_memory is 2.
    case commit
    /// The size of a tmpfs, by its mount point; nil if the mount point is unknown.
    case fileSystem(FilePath?)
    /// The number of inodes of a tmpfs, by its mount point; nil if the mount point is unknown.
    case inodes(FilePath?)
    /// The pages in a pool of huge pages.
    case hugePages(pageSize: Int)
    /// A filter of system calls refuses to wire, whatever the limits are. seccomp(2)
    case systemCallFilter
  }

  /// The limit that binds.
  public let limit: Limit
  /// What the limit would have to be in total: bytes, mappings, inodes, descriptors or pages; nil if
  /// that is unknown.
  public let needed: Int?

  /// A limit that is too low.
  public init(_ limit: Limit, needed: Int?) {
    self.limit = limit
    self.needed = needed
  }
}

extension LimitShortage: CustomStringConvertible {
  /// The general form, which holds in every place: the limit and the value that it needs.
  public var description: String {
    let bytes = needed.map { " to \($0) bytes" } ?? ""
    let number = needed.map { " to \($0)" } ?? ""
    let start = "where this process is started"
    switch limit {
    case .resource(.memlock, _):
      return "raise the memlock limit (RLIMIT_MEMLOCK)\(bytes) \(start)"
    case .resource(.addressSpace, _):
      return "raise the limit on address space (RLIMIT_AS)\(bytes) \(start)"
    case .resource(.openFiles, _):
      return "raise the limit on open files (RLIMIT_NOFILE)\(number) \(start)"
    case .resource(.fileSize, _):
      return "raise the limit on file sizes (RLIMIT_FSIZE)\(bytes) \(start)"
    case .mappingCount: return "raise vm.max_map_count\(number)"
    case .memoryGroup(_, let path, let file), .hugePageGroup(_, let path, let file):
      return "raise \(file) of control group \(Escaping.printable(path.bytes))\(bytes)"
    case .memory: return "free memory, or use a smaller size"
    case .commit: return "raise vm.overcommit_ratio or vm.overcommit_kbytes"
    case .fileSystem(let point):
      return "enlarge the tmpfs\(Self.at(point))\(bytes) (its mount option size=)"
    case .inodes(let point):
      return "raise the number of inodes of the tmpfs\(Self.at(point))\(number) "
        + "(its mount option nr_inodes=)"
    case .hugePages(let pageSize):
      return "enlarge the pool of huge pages of \(ByteCount(pageSize))"
        + (needed.map { " to \($0) pages" } ?? "")
    case .systemCallFilter:
      return "allow mlock and mlock2 in the system call filter; a higher limit does not help"
    }
  }

  private static func at(_ point: FilePath?) -> String {
    point.map { " at \(Escaping.printable($0.bytes))" } ?? ""
  }
}
