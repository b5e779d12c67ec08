import CShm
import Glibc
import SystemPackage

/// The sentences about room.
extension SpaceCheck {
  /// The error for a limit that leaves less than is wanted.
  func error(_ refusing: RegionRoom.Candidate, _ wanted: Int, errno: Errno) -> ShmError {
    let (reason, remedy, shortage) = explanation(refusing, wanted)
    return ShmError(
      .noSpace, attempt, reason, remedy: remedy, shortage: shortage, errorNumber: errno.rawValue)
  }

  /// Why a limit does not allow the bytes, the remedy, and the required limit.
  func explanation(
    _ refusing: RegionRoom.Candidate, _ wanted: Int
  ) -> (reason: String, remedy: Remedy?, shortage: LimitShortage?) {
    let limit = refusing.limit ?? 0
    let (needs, has) = Self.figures(wanted, refusing.available)
    switch refusing.bound {
    case .fileSystem(let place):
      return (
        "needs \(needs), but \(place) has \(has) free of \(ByteCount(limit))",
        // Unlike that of a tmpfs the size of a hugetlbfs cannot be changed afterwards.
        isOnHugePages ? "use a hugetlbfs with a larger size=" : nil,
        isOnHugePages
          ? nil : Self.enlargement(of: mountPoint, by: wanted - refusing.available, from: limit)
      )
    case .inodes(let place):
      return (
        "all \(limit) inodes of \(place) are in use",
        nil, LimitShortage(.inodes(mountPoint), needed: limit * 2)
      )
    case .quota(let owner, let place):
      return (
        refusing.isOfFiles
          ? "the quota of \(owner) on \(place) allows \(limit) files, and all are in use"
          : "needs \(needs), but the quota of \(owner) on \(place) leaves \(has) of \(ByteCount(limit))",
        Self.quotaRemedy, nil
      )
    case .memoryGroup(let version, let path, let file),
      .hugePageGroup(let version, let path, let file):
      let isMemory = if case .memoryGroup = refusing.bound { true } else { false }
      let huge = limit.addingReportingOverflow(max(0, wanted - refusing.available))
      let needed =
        isMemory
        ? MemoryCgroup.limit(from: limit, left: refusing.left, for: wanted)
        : huge.overflow ? nil : huge.partialValue
      return (
        """
        needs \(needs), but the control group \(Escaping.printable(path.bytes)) leaves \(has) of \
        \(ByteCount(limit)) (\(file))
        """, nil,
        LimitShortage(
          isMemory
            ? .memoryGroup(version: version, path: path, file: file)
            : .hugePageGroup(version: version, path: path, file: file),
          needed: needed)
      )
    case .pool(let pageSize):
      let shortage = HugePagePool.pool(ofPageSize: pageSize)?.shortage(of: wanted)
      return shortage.map { ($0.reason, nil, $0.limit) }
        ?? ("needs \(needs), but the pool of huge pages has \(has)", nil, nil)
    case .fileSize: return (Errno.fileTooLarge.reason, nil, Errno.fileTooLarge.shortage)
    case .commitLimit:
      let memory = MemoryInformation.current()
      let used = memory?["Committed_AS"] ?? limit - refusing.available
      return (
        """
        needs \(needs), but the commit limit leaves \(has) (CommitLimit \(ByteCount(limit)), \
        Committed_AS \(ByteCount(used)), vm.overcommit_memory=2)
        """, nil, LimitShortage(.commit, needed: nil)
      )
    case .memory(let withSwap):
      return (
        "needs \(needs), but memory\(withSwap ? " and swap have" : " has") \(has) available",
        mayBeSparse ? "use a smaller size, or a sparse region" : "use a smaller size", nil
      )
    }
  }

  /// The error if the kernel refuses a size that all known limits allow.
  func disproved(
    _ wanted: Int, _ room: RegionRoom, _ said: String, _ errno: Errno
  ) -> ShmError {
    let figures = room.binding.map { binding in
      switch binding.bound {
      case .fileSystem(let place):
        "\(place) has \(ByteCount(binding.available)) free of \(ByteCount(binding.limit ?? 0))"
      case .pool(let pageSize):
        "the pool has \(binding.available / pageSize) pages of \(ByteCount(pageSize)) available"
      case .memory(let withSwap):
        "memory\(withSwap ? " and swap have" : " has") \(ByteCount(binding.available)) available"
      default: "\(binding.name) has \(ByteCount(binding.available)) left"
      }
    }
    let isHuge = room.pageSize > PageMath.pageSize
    return ShmError(
      .noSpace, attempt,
      "the kernel refuses \(ByteCount(wanted))\(isHuge ? " of huge pages" : "") (\(said))"
        + (figures.map { ", although \($0)" } ?? ""),
      remedy: """
        the known limits allow it; check the commit limit\(isHuge ? ", the memory nodes" : "") and the \
        control groups of this process
        """,
      errorNumber: errno.rawValue)
  }

  /// The error for EDQUOT if the quota cannot be read.
  func unknownQuota(_ wanted: Int) -> ShmError {
    ShmError(
      .noSpace, attempt,
      "needs \(ByteCount(wanted)), which exceeds a quota on \(place) (its limit is unknown)",
      remedy: Self.quotaRemedy, errorNumber: Errno.diskQuotaExceeded.rawValue)
  }

  private static var quotaRemedy: Remedy { "root can raise it with setquota(8)" }

  /// The requested and the available size as text. They are rounded so that the larger one reads as larger.
  private static func figures(_ wanted: Int, _ available: Int) -> (String, String) {
    // The kernel allocates whole pages.
    let needed = wanted > available ? wanted : PageMath.roundUp(wanted) ?? wanted
    return ByteCount(needed).distinguished(from: ByteCount(available))
  }

  private var isOnHugePages: Bool {
    let status =
      switch site {
      case .directory(let path): try? FileSystem.fileSystemStatus(path)
      case .descriptor(let raw): try? FileSystem.fileSystemStatus(ofDescriptor: raw)
      case .memory: nil as cshm_filesystem?
      }
    return status.map { MemoryFileSystem($0).kind == .hugetlbfs } ?? false
  }

  /// The size that a tmpfs needs.
  static func enlargement(
    of mountPoint: FilePath?, by missing: Int, from total: Int
  ) -> LimitShortage {
    let (enough, overflow) = total.addingReportingOverflow(missing)
    return LimitShortage(.fileSystem(mountPoint), needed: overflow ? nil : enough)
  }

  /// The mount point of the file system; nil for memory without a visible mount.
  private var mountPoint: FilePath? {
    let mounts = MountTable.current()
    let mount: MountTable.Mount?
    switch site {
    case .directory(let directory):
      mount = (try? FileSystem.resolved(directory)).flatMap { mounts.mount(of: $0) }
    case .descriptor(let raw):
      let status = try? FileSystem.status(ofDescriptor: raw)
      mount = status.flatMap { mounts.mount(ofDevice: UInt64($0.st_dev)) }
    case .memory: mount = nil
    }
    return mount?.point
  }
}
