public import SystemPackage

/// How much memory a region could take at a place now, and which limit binds.
///
/// ```swift
/// let room = try RegionRoom.current()
/// print(room.available ?? -1, room.binding?.name ?? "no limit is known")
/// ```
public struct RegionRoom: Sendable {
  /// A limit on the memory of regions.
  public enum Bound: Hashable, Sendable {
    /// The size of a tmpfs or a hugetlbfs.
    case fileSystem(place: String)
    /// The number of files that a tmpfs may hold.
    case inodes(place: String)
    /// The quota of a user or a group, on bytes or on files.
    case quota(owner: String, place: String)
    /// A control group's limit on memory, and the file that sets it.
    case memoryGroup(version: Int, path: FilePath, file: String)
    /// A control group's limit on huge pages, and the file that sets it.
    case hugePageGroup(version: Int, path: FilePath, file: String)
    /// The pool of huge pages of a size.
    case pool(pageSize: Int)
    /// The size that a file of the process may have, RLIMIT_FSIZE.
    case fileSize
    /// The commit limit (CommitLimit), with vm.overcommit_memory=2.
    case commitLimit
    /// The machine's memory, with its swap if the pages may be swapped out.
    case memory(withSwap: Bool)
  }

  /// One limit with what it leaves.
  public struct Candidate: Hashable, Sendable {
    /// The limit.
    public let bound: Bound
    /// The bytes that it leaves.
    public let available: Int
    /// The limit's own figure: bytes, for `inodes` and a quota on files their number; nil if it has none.
    public let limit: Int?
    /// Whether the limit counts files, and no more is left.
    let isOfFiles: Bool
    /// The bytes that it leaves, of which some are needed for other things than pages.
    let left: Int

    init(
      _ bound: Bound, _ available: Int, of limit: Int?, isOfFiles: Bool = false, left: Int? = nil
    ) {
      (self.bound, self.limit, self.isOfFiles) = (bound, limit, isOfFiles)
      self.available = max(0, available)
      self.left = left ?? available
    }

    /// The limit in a few words.
    public var name: String { bound.name }
  }

  /// A limit on regions that could not be read.
  public enum Unknown: String, Hashable, Sendable {
    /// The control groups of the process.
    case controlGroups
    /// The pool of huge pages.
    case pool
    /// The memory of the machine.
    case memory
    /// How much memory the kernel promises (vm.overcommit_memory).
    case overcommit
  }

  /// Each limit with what it leaves, the tightest first.
  public let bounds: [Candidate]
  /// The limits that could not be read; empty if all limits are known.
  public let unknowns: [Unknown]
  /// The bytes that fit even if the pool whose state could not be read is empty; nil if all limits are known.
  private let certain: Int?
  /// The size of a page there, in bytes.
  public let pageSize: Int

  init(
    _ bounds: [Candidate], pageSize: Int = PageMath.pageSize,
    unknowns: [Unknown] = [], certain: Int? = nil
  ) {
    self.unknowns = unknowns
    self.certain = certain
    // A stable order: of equal bounds the one named first is the one to raise.
    self.bounds = bounds.enumerated()
      .sorted { ($0.element.available, $0.offset) < ($1.element.available, $1.offset) }
      .map(\.element)
    self.pageSize = pageSize
  }

  /// The bytes that a region could take now, in whole pages; nil if no limit is known.
  public var available: Int? {
    bounds.first.map { PageMath.roundDown(min($0.available, certain ?? .max), to: pageSize) }
  }

  /// The limits on which the answer for `bytes` depends and that could not be read.
  public func unknowns(_ bytes: Int) -> [Unknown] {
    unknowns + (certain.map { bytes > $0 } == true ? [.pool] : [])
  }

  /// The limit that binds; nil if none is known.
  public var binding: Candidate? { bounds.first }

  /// The tightest limit that `bytes` more would break; nil if they fit.
  ///
  /// - Parameter bytes: more than 0; whole pages count.
  /// - Returns: the limit with its figures.
  public func refusing(_ bytes: Int) -> Candidate? {
    refusing(bytes) { _ in true }
  }

  /// The tightest of some of the limits that `bytes` more would break.
  func refusing(_ bytes: Int, of isMeant: (Bound) -> Bool) -> Candidate? {
    let whole = PageMath.roundUp(bytes, to: pageSize) ?? Int.max
    return bounds.first { $0.available < whole && isMeant($0.bound) }
  }
}

extension RegionRoom.Bound {
  /// The limit in a few words.
  public var name: String {
    switch self {
    case .fileSystem(let place): "the size of \(place)"
    case .inodes(let place): "the inodes of \(place)"
    case .quota(let owner, let place): "the quota of \(owner) on \(place)"
    case .memoryGroup(let version, let path, _), .hugePageGroup(let version, let path, _):
      "cgroup v\(version) \(Escaping.printable(path.bytes))"
    case .pool(let pageSize): "the pool of huge pages of \(ByteCount(pageSize))"
    case .fileSize: "the limit on file sizes"
    case .commitLimit: "the commit limit"
    case .memory(let withSwap): withSwap ? "memory and swap" : "available memory"
    }
  }

  /// The kind of limit in a word, for programs.
  package var kind: String {
    switch self {
    case .fileSystem: "file_system"
    case .inodes: "inodes"
    case .quota: "quota"
    case .memoryGroup: "memory_cgroup"
    case .hugePageGroup: "hugetlb_cgroup"
    case .pool: "huge_page_pool"
    case .fileSize: "file_size"
    case .commitLimit: "commit_limit"
    case .memory: "memory"
    }
  }

  /// Whether the kernel ends a process that exceeds it, instead of refusing the call.
  var endsProcesses: Bool {
    switch self {
    case .memoryGroup, .memory: true
    default: false
    }
  }
}
