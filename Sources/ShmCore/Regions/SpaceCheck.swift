import Glibc
import SystemPackage

/// Whether there is room, and the sentence if there is not. A sentence that says that more is needed
/// than there is, agrees with its own figures; if the figures allow what the kernel has refused, the
/// sentence says so.
struct SpaceCheck {
  /// Where the room is looked at.
  enum Site {
    /// The directory that a region is to be made in.
    case directory(FilePath)
    /// An open region's descriptor, which outlives the check.
    case descriptor(CInt)
  }

  let attempt: String
  let place: String
  let site: Site
  /// Whether what is asked for can be done without reserved memory.
  var mayBeSparse = true

  /// Refuses before anything is taken what cannot succeed: a tmpfs that may grow larger than the
  /// machine's memory ends in a deadlock instead of an error.
  func require(_ wanted: Int) throws(ShmError) {
    guard let fileSystem = now else { return }
    if let error = full(wanted, fileSystem, .noSpace) { throw error }
    if fileSystem.kind == .hugetlbfs {
      // Not tried: it would take the whole pool from everybody, and then give it back.
      if let error = Self.poolShortage(fileSystem.blockSize, wanted, attempt, .noSpace) {
        throw error
      }
    } else if let error = memoryShortage(wanted, .noMemory) {
      throw error
    }
  }

  /// The error for a reservation that the kernel refused, with the figures of this moment.
  ///
  /// - Parameters:
  ///   - wanted: the bytes that were asked for.
  ///   - errno: what the kernel said.
  ///   - isName: whether the call would have made a file or a name.
  /// - Returns: the error, whose figures say what binds, or that they would allow it.
  func refusal(_ wanted: Int, errno: Errno, isName: Bool = false) -> ShmError {
    switch errno {
    case .notSupported, .noFunction: return noReservation(errno)
    case .diskQuotaExceeded: return QuotaShortage(site, place).error(wanted, attempt)
    case .noSpace, .noMemory, .badAddress: break
    default: return ShmError(attempt, errno)
    }
    // A page of a mapping that cannot be had is told by EFAULT, without a reason.
    let said = errno == .badAddress ? "a page cannot be brought into memory" : errno.reason
    let errno = errno == .badAddress ? Errno.noSpace : errno
    guard let fileSystem = now else { return ShmError(attempt, errno) }
    if isName, let error = noInodes(fileSystem, errno) { return error }
    if let error = full(wanted, fileSystem, errno) { return error }
    if fileSystem.kind == .hugetlbfs {
      return Self.hugePages(ofSize: fileSystem.blockSize, wanted: wanted, attempt, errno)
    }
    if let error = commitShortage(wanted, errno) ?? groupShortage(wanted, errno)
      ?? memoryShortage(wanted, errno)
    {
      return error
    }
    let room =
      fileSystem.free.flatMap { free in
        fileSystem.total.map { "\(place) has \(ByteCount(free)) free of \(ByteCount($0))" }
      } ?? capacity.map { "memory and swap have \(ByteCount($0)) available" }
    return ShmError(
      .noSpace, attempt,
      "the kernel refuses \(ByteCount(wanted)) (\(said))"
        + (room.map { ", although \($0)" } ?? ""),
      remedy: "another process may have used the space for a moment: try again",
      errorNumber: errno.rawValue)
  }

  /// The error for a region of huge pages that the kernel refused, with the pool's figures.
  static func hugePages(
    ofSize pageSize: Int, wanted: Int, _ attempt: String, _ errno: Errno
  ) -> ShmError {
    if let error = poolShortage(pageSize, wanted, attempt, errno) { return error }
    let room = HugePagePool.pool(ofPageSize: pageSize).map {
      ", although \($0.available) pages of \(ByteCount(pageSize)) are available"
    }
    return ShmError(
      .noSpace, attempt,
      "the kernel refuses \(ByteCount(wanted)) of huge pages (\(errno.reason))\(room ?? "")",
      remedy: """
        a hugetlb control group or the processors' memory nodes of this process may allow fewer; or \
        another process may have had them for a moment: try again
        """, errorNumber: errno.rawValue)
  }

  private static func poolShortage(
    _ pageSize: Int, _ wanted: Int, _ attempt: String, _ errno: Errno
  ) -> ShmError? {
    guard let pool = HugePagePool.pool(ofPageSize: pageSize),
      let shortage = pool.shortage(of: wanted)
    else { return nil }
    return ShmError(
      .noSpace, attempt, shortage.reason, remedy: shortage.remedy, errorNumber: errno.rawValue)
  }

  /// The figures of this moment.
  private var now: MemoryFileSystem? {
    let status =
      switch site {
      case .directory(let path): try? FileSystem.fileSystemStatus(path)
      case .descriptor(let raw): try? FileSystem.fileSystemStatus(ofDescriptor: raw)
      }
    return status.map { MemoryFileSystem($0) }
  }

  private func noInodes(_ fileSystem: MemoryFileSystem, _ errno: Errno) -> ShmError? {
    guard fileSystem.freeInodes == 0, let total = fileSystem.totalInodes else { return nil }
    return ShmError(
      .noSpace, attempt, "\(place) has none of its \(total) inodes left",
      remedy: mountPoint.map { "as root: 'mount -o remount,nr_inodes=\(total * 2) \($0)'" },
      errorNumber: errno.rawValue)
  }

  private func full(_ wanted: Int, _ fileSystem: MemoryFileSystem, _ errno: Errno) -> ShmError? {
    guard let free = fileSystem.free, let total = fileSystem.total, wanted > free else {
      return nil
    }
    let (needs, has) = ByteCount(wanted).told(beside: ByteCount(free))
    // Unlike that of a tmpfs the size of a hugetlbfs cannot be changed afterwards.
    let remedy =
      fileSystem.kind == .hugetlbfs
      ? "use a hugetlbfs with a larger size="
      : Self.enlargement(of: mountPoint, by: wanted - free, from: total)
    return ShmError(
      .noSpace, attempt, "needs \(needs), but \(place) has \(has) free of \(ByteCount(total))",
      remedy: remedy, errorNumber: errno.rawValue)
  }

  /// The command that makes a tmpfs large enough; nil if it is unknown where it is mounted.
  static func enlargement(of mountPoint: String?, by missing: Int, from total: Int) -> String? {
    let (enough, overflow) = total.addingReportingOverflow(missing)
    guard let mountPoint, !overflow, let size = PageMath.roundUp(enough, to: 1 << 20) else {
      return nil
    }
    return "as root: 'mount -o remount,size=\(size >> 20)M \(mountPoint)'"
  }

  /// With vm.overcommit_memory=2 the kernel promises no more memory than it has. proc_sys_vm(5)
  private func commitShortage(_ wanted: Int, _ errno: Errno) -> ShmError? {
    guard KernelSettings.current().overcommit == 2, let memory = MemoryInformation.current(),
      let limit = memory["CommitLimit"], let used = memory["Committed_AS"], wanted > limit - used
    else { return nil }
    let (needs, has) = ByteCount(wanted).told(beside: ByteCount(max(0, limit - used)))
    return ShmError(
      .noSpace, attempt,
      """
      needs \(needs), but the commit limit leaves \(has) (CommitLimit \(ByteCount(limit)), \
      Committed_AS \(ByteCount(used)), vm.overcommit_memory=2)
      """, remedy: "as root: raise vm.overcommit_ratio or vm.overcommit_kbytes",
      errorNumber: errno.rawValue)
  }

  private func groupShortage(_ wanted: Int, _ errno: Errno) -> ShmError? {
    let groups = MemoryCgroup.bounding().filter { $0.available.map { $0 < wanted } ?? false }
    guard let group = groups.min(by: { ($0.available ?? 0) < ($1.available ?? 0) }),
      let available = group.available, let limit = group.limit
    else { return nil }
    let (needs, has) = ByteCount(wanted).told(beside: ByteCount(available))
    let file = group.version == 1 ? "memory.limit_in_bytes" : "memory.max"
    return ShmError(
      .noSpace, attempt,
      """
      needs \(needs), but the control group \(Escaping.printable(group.path.bytes)) leaves \(has) of \
      \(ByteCount(limit))
      """, remedy: "raise \(file) of that group", errorNumber: errno.rawValue)
  }

  private func memoryShortage(_ wanted: Int, _ errno: Errno) -> ShmError? {
    guard let capacity, wanted > capacity else { return nil }
    let (needs, has) = ByteCount(wanted).told(beside: ByteCount(capacity))
    return ShmError(
      .noSpace, attempt, "needs \(needs), but memory and swap have \(has) available",
      remedy: "ask for less" + (mayBeSparse ? ", or for a sparse region" : ""),
      errorNumber: errno.rawValue)
  }

  /// The error where memory cannot be set aside at all.
  private func noReservation(_ errno: Errno) -> ShmError {
    ShmError(
      errno.code, attempt, "memory cannot be reserved here: \(errno.reason)",
      remedy: mayBeSparse
        ? "leave that out with --sparse, if SIGBUS on exhausted memory is acceptable" : nil,
      errorNumber: errno.rawValue)
  }

  private var capacity: Int? {
    guard let memory = MemoryInformation.current(), let available = memory.available else {
      return nil
    }
    return available + (memory.swapFree ?? 0)
  }

  /// Where the file system is mounted; nil for memory that no mount shows here.
  private var mountPoint: String? {
    let mounts = MountTable.current()
    let mount: MountTable.Mount?
    switch site {
    case .directory(let directory):
      mount = (try? FileSystem.resolved(directory)).flatMap { mounts.mount(of: $0) }
    case .descriptor(let raw):
      let status = try? FileSystem.status(ofDescriptor: raw)
      mount = status.flatMap { mounts.mount(ofDevice: UInt64($0.st_dev)) }
    }
    return mount.map { Escaping.printable($0.point.bytes) }
  }
}

extension Region {
  /// The room where the region lies.
  func space(_ attempt: String, mayBeSparse: Bool = true) throws(ShmError) -> SpaceCheck {
    guard let directory = reference.directory else {
      return SpaceCheck(
        attempt: attempt, place: "its \(try fileSystem().kind)", site: .descriptor(rawDescriptor),
        mayBeSparse: mayBeSparse)
    }
    return SpaceCheck(
      attempt: attempt, place: Escaping.printable(directory.bytes), site: .directory(directory),
      mayBeSparse: mayBeSparse)
  }
}
