import Glibc
public import SystemPackage

extension RegionRoom {
  /// The place of an existing or a new region.
  enum Site {
    /// The directory of a new region.
    case directory(FilePath)
    /// The descriptor of an open region. It must stay open during the check.
    case descriptor(CInt)
    /// Anonymous pages of a process, without a file system.
    case memory
  }

  /// The purpose of the memory.
  struct Purpose {
    /// Whether a file will be created.
    var isNew = false
    /// Whether its pages must stay in RAM, so that swap does not count.
    var isWired = false
  }

  /// The room for a new region in a directory now.
  ///
  /// - Parameters:
  ///   - directory: on a tmpfs, ramfs or hugetlbfs.
  ///   - isWired: whether its pages will be wired, so that swap does not count.
  ///   - process: whose control groups count; nil for those of this process.
  /// - Returns: the current figures.
  /// - Throws: `ShmError`: `notSharedMemory` for a directory on another file system, `notFound`, `notPermitted`.
  public static func current(
    in directory: FilePath = RegionName.directory, isWired: Bool = false, process: Int32? = nil
  ) throws(ShmError) -> RegionRoom {
    let place = Escaping.printable(directory.bytes)
    let attempt = "cannot determine the room in \(Escaping.quoted(directory.bytes))"
    let fileSystem: MemoryFileSystem
    do {
      fileSystem = MemoryFileSystem(try FileSystem.fileSystemStatus(directory))
    } catch {
      throw ShmError(attempt, error)
    }
    if fileSystem.kind == .other {
      throw SharedMemory.refusal(
        place, attempt, fileSystem,
        device: (try? FileSystem.followedStatus(directory)).map { UInt64($0.st_dev) })
    }
    return RegionRoom(
      fileSystem, .directory(directory), place, Purpose(isNew: true, isWired: isWired),
      process: process)
  }

  /// The room at a site; nil if its file system cannot be inspected.
  static func at(
    _ site: Site, _ place: String, _ purpose: Purpose, process: Int32? = nil
  ) -> RegionRoom? {
    let status: MemoryFileSystem?
    switch site {
    case .directory(let path):
      status = (try? FileSystem.fileSystemStatus(path)).map { MemoryFileSystem($0) }
    case .descriptor(let raw):
      status = (try? FileSystem.fileSystemStatus(ofDescriptor: raw)).map { MemoryFileSystem($0) }
    case .memory: status = MemoryFileSystem(internal: .tmpfs)
    }
    return status.map { RegionRoom($0, site, place, purpose, process: process) }
  }

  private init(
    _ fileSystem: MemoryFileSystem, _ site: Site, _ place: String, _ purpose: Purpose,
    process: Int32? = nil
  ) {
    var bounds: [Candidate] = []
    if let free = fileSystem.free, let total = fileSystem.total {
      bounds.append(Candidate(.fileSystem(place: place), free, of: total))
    }
    if purpose.isNew, fileSystem.freeInodes == 0, let total = fileSystem.totalInodes {
      bounds.append(Candidate(.inodes(place: place), 0, of: total, isOfFiles: true))
    }
    if purpose.isNew, let limit = ResourceLimit.fileSize(of: process) {
      bounds.append(Candidate(.fileSize, limit, of: limit))
    }
    let path = FilePath("/proc/\(process.map { "\($0)" } ?? "self")/cgroup")
    let mounts = MountTable.current()
    if fileSystem.kind == .tmpfs {
      bounds += Quotas(site, mounts).bounds(place, isNew: purpose.isNew)
    }
    let groups = ControlGroups(
      parsing: (try? FileSystem.contents(of: path)) ?? [], mounts: mounts, process: process)
    var unknowns: [Unknown] = []
    var certain: Int?
    if fileSystem.kind == .hugetlbfs {
      let reserve = Self.reserve(site, mounts)
      bounds += Self.hugePages(ofSize: fileSystem.blockSize, groups, reserve: reserve)
      if reserve > 0 {
        certain = Self.hugePages(ofSize: fileSystem.blockSize, groups).map(\.available).min()
      }
      if !bounds.contains(where: { $0.bound.kind == "huge_page_pool" }) { unknowns.append(.pool) }
      if !groups.areVisible(for: "hugetlb") { unknowns.append(.controlGroups) }
    } else {
      let memory = MemoryInformation.current()
      let staysInRAM =
        purpose.isWired || fileSystem.kind == .ramfs
        || (memory?.swapTotal ?? 0 > 0 && Self.isNoSwap(site, mounts))
      let swap = staysInRAM ? 0 : memory?.swapFree ?? 0
      let mode = KernelSettings.overcommitMode
      bounds += Self.commit(memory, mode)
      if mode == nil { unknowns.append(.overcommit) }
      if !groups.areVisible(for: "memory") { unknowns.append(.controlGroups) }
      if memory?.available == nil { unknowns.append(.memory) }
      bounds += Self.memoryGroups(groups, swapFree: swap)
      if let available = memory?.available {
        bounds.append(
          Candidate(.memory(withSwap: !staysInRAM), available + swap, of: memory?.total))
      }
    }
    self.init(bounds, pageSize: fileSystem.pageSize, unknowns: unknowns, certain: certain)
  }

  /// The pages of the pool that a hugetlbfs has reserved for its files (`min_size=`), in bytes. The number of them
  /// in use cannot be read.
  private static func reserve(_ site: Site, _ mounts: MountTable) -> Int {
    let status: stat?
    switch site {
    case .directory(let path): status = try? FileSystem.followedStatus(path)
    case .descriptor(let raw): status = try? FileSystem.status(ofDescriptor: raw)
    case .memory: status = nil
    }
    let option = status.flatMap { mounts.mount(ofDevice: UInt64($0.st_dev))?.option("min_size") }
    guard let option, let unit = option.last, let number = Int(option.dropLast()) else { return 0 }
    // The kernel prints it in KiB or MiB.
    return number.multipliedReportingOverflow(by: unit == "K" ? 1 << 10 : 1 << 20).partialValue
  }

  /// The limits on huge pages of a size.
  ///
  /// - Parameters:
  ///   - pageSize: in bytes.
  ///   - groups: the control groups of the process.
  ///   - reserve: the reserved pages of a file system, in bytes.
  /// - Returns: the limits.
  static func hugePages(
    ofSize pageSize: Int, _ groups: ControlGroups, reserve: Int = 0
  ) -> [Candidate] {
    var bounds: [Candidate] = []
    if let pool = HugePagePool.pool(ofPageSize: pageSize) {
      bounds.append(
        Candidate(
          .pool(pageSize: pageSize),
          pool.bytes(pool.available + pool.spare) + min(reserve, pool.bytes(pool.reserved)),
          of: pool.bytes(pool.total)))
    }
    bounds += HugePageCgroup.bounding(groups, pageSize: pageSize).map {
      Candidate(
        .hugePageGroup(version: $0.version, path: $0.path, file: $0.limitFile), $0.available,
        of: $0.limit)
    }
    // With this mount option, huge pages are also charged as memory. Linux 6.7
    if groups.countHugePagesAsMemory { bounds += memoryGroups(groups, swapFree: 0) }
    return bounds
  }

  private static func memoryGroups(_ groups: ControlGroups, swapFree: Int) -> [Candidate] {
    MemoryCgroup.bounding(groups, onlyLimited: true).compactMap { group in
      group.room(swapFree: swapFree).map { room in
        Candidate(
          .memoryGroup(version: group.version, path: group.path, file: room.file),
          room.available, of: room.limit, left: room.left)
      }
    }
  }

  /// With vm.overcommit_memory=2 the kernel commits no more memory than the commit limit. proc_sys_vm(5)
  private static func commit(_ memory: MemoryInformation?, _ mode: Int?) -> [Candidate] {
    guard mode == 2, let limit = memory?["CommitLimit"], let used = memory?["Committed_AS"]
    else { return [] }
    return [Candidate(.commitLimit, limit - used, of: limit)]
  }

  private static func isNoSwap(_ site: Site, _ mounts: MountTable) -> Bool {
    let status: stat?
    switch site {
    case .directory(let path): status = try? FileSystem.followedStatus(path)
    case .descriptor(let raw): status = try? FileSystem.status(ofDescriptor: raw)
    case .memory: status = nil
    }
    return status.map { mounts.isNoSwap(device: UInt64($0.st_dev)) } ?? false
  }
}

extension HugePagePool {
  /// The size of a number of pages in bytes.
  func bytes(_ pages: Int) -> Int {
    let (bytes, overflow) = pages.multipliedReportingOverflow(by: pageSize)
    return overflow ? Int.max : bytes
  }
}
