import ShmCore

extension LimitsReport {
  /// The limits as metrics. A value that is unknown has no sample, and an unlimited one is infinite.
  ///
  /// - Parameter process: the process whose limits were asked for; nil for this process, whose number differs in each
  ///   run.
  /// - Returns: the metrics.
  func metrics(of process: Int32?) -> [MetricFamily] {
    let labels = process.map { [(name: "pid", value: "\($0)")] } ?? []
    return processFamilies(labels) + groupFamilies(labels) + hostFamilies + fileFamilies
      + poolFamilies + kernelFamilies + answerFamilies(labels)
  }

  private func processFamilies(_ labels: [(name: String, value: String)]) -> [MetricFamily] {
    // If every source was read and no limit was found, the value is unlimited. With a request only the sources that
    // matter for it are listed as unknown.
    let isUnlimited = unknown.isEmpty && answer.value == nil
    let wirable: MetricFamily.Value? =
      available.value.map { MetricFamily.Value.integer($0) } ?? (isUnlimited ? .infinity : nil)
    return [
      MetricFamily("memlock_soft", .bytes, "Soft memlock limit (RLIMIT_MEMLOCK).")
        .with(memlockSoft.metric, labels),
      MetricFamily("memlock_hard", .bytes, "Hard memlock limit (RLIMIT_MEMLOCK).")
        .with(memlockHard.metric, labels),
      MetricFamily("memlock_remaining", .bytes, "Bytes that the memlock limit still allows.")
        .with(memlockRemaining.metric, labels),
      MetricFamily("process_wired", .bytes, "Bytes that the process has locked (VmLck).")
        .with(wired, labels),
      MetricFamily("process_pinned", .bytes, "Bytes that are pinned for the process (VmPin).")
        .with(pinned, labels),
      MetricFamily("process_mappings", nil, "Number of mappings of the process.")
        .with(mappings.value, labels),
      MetricFamily("wirable", .bytes, "Bytes that can be wired now, by all limits.")
        .with(wirable, labels),
    ]
  }

  private func groupFamilies(_ labels: [(name: String, value: String)]) -> [MetricFamily] {
    var limit = MetricFamily("cgroup_limit", .bytes, "Memory limit of a control group.")
    var used = MetricFamily("cgroup_used", .bytes, "Memory that a control group uses.")
    var reclaimable = MetricFamily(
      "cgroup_reclaimable", .bytes, "Memory of a control group that the kernel can reclaim.")
    for group in cgroups {
      let all =
        labels + [("version", "\(group.version)"), ("path", group.path.printable)]
      limit.add(group.limit.metric, all)
      used.add(group.usage, all)
      reclaimable.add(group.reclaimable, all)
    }
    return [limit, used, reclaimable]
  }

  private var hostFamilies: [MetricFamily] {
    [
      MetricFamily("memory", .bytes, "Memory of the host (MemTotal).").with(memoryTotal.value),
      MetricFamily("memory_available", .bytes, "Available memory of the host (MemAvailable).")
        .with(memoryAvailable.value),
      MetricFamily("swap", .bytes, "Swap of the host (SwapTotal).").with(swapTotal.value),
      MetricFamily("swap_free", .bytes, "Free swap of the host (SwapFree).")
        .with(swapFree.value),
      MetricFamily("host_locked", .bytes, "Memory of the host that is locked (Mlocked).")
        .with(host.wired.value),
      MetricFamily(
        "host_unevictable", .bytes, "Memory of the host that is never paged out (Unevictable)."
      ).with(host.unevictable.value),
      MetricFamily("host_wired", .bytes, "Bytes that visible processes have locked.")
        .with(host.wiredByProcesses),
    ]
  }

  private var fileFamilies: [MetricFamily] {
    let shm = shm.value
    return [
      MetricFamily("shm_size", .bytes, "Size of the file system at /dev/shm.")
        .with(shm?.limit.metric),
      MetricFamily("shm_free", .bytes, "Free space at /dev/shm.").with(shm?.free.value),
      MetricFamily("shm_inodes", nil, "Number of files that /dev/shm can hold.")
        .with(shm?.inodeLimit.metric),
      MetricFamily("shm_free_inodes", nil, "Number of files that can be added to /dev/shm.")
        .with(shm?.freeInodes.value),
      MetricFamily("creatable", .bytes, "Size of a region that can be created now.")
        .with(room.value?.available.value, [("directory", room.value?.path.printable ?? "")]),
    ]
  }

  private var poolFamilies: [MetricFamily] {
    let parts: [(String, String, (Pool) -> Int)] = [
      ("size", "Size of a pool of huge pages.", \.totalPages),
      ("free", "Free part of a pool of huge pages, including reserved pages.", \.freePages),
      ("reserved", "Reserved part of a pool of huge pages.", \.reservedPages),
      (
        "available", "Part of a pool of huge pages that is neither used nor reserved.",
        \.availablePages
      ),
    ]
    return parts.map { part, help, pages in
      var family = MetricFamily("huge_page_pool_\(part)", .bytes, help)
      for pool in hugePagePools {
        let (bytes, isOverflow) = pages(pool).multipliedReportingOverflow(by: pool.pageSize)
        family.add(isOverflow ? nil : bytes, [("page_size", "\(pool.pageSize)")])
      }
      return family
    }
  }

  private var kernelFamilies: [MetricFamily] {
    let memory = shmall.value.map { limit in
      let pages = limit.count.value ?? .max
      let (bytes, isOverflow) = pages.multipliedReportingOverflow(by: PageMath.pageSize)
      return isOverflow ? MetricFamily.Value.infinity : .integer(bytes)
    }
    return [
      MetricFamily("mappings_limit", nil, "Number of mappings that a process can have.")
        .with(maximumMappings.value),
      MetricFamily("sysv_segment_limit", .bytes, "Size that a System V segment can have (shmmax).")
        .with(shmmax.value?.metric),
      MetricFamily(
        "sysv_memory_limit", .bytes, "Size that all System V segments can have (shmall)."
      ).with(memory),
      MetricFamily("sysv_segments_limit", nil, "Number of System V segments (shmmni).")
        .with(shmmni.value.map { Int(clamping: $0) }),
    ]
  }

  private func answerFamilies(_ labels: [(name: String, value: String)]) -> [MetricFamily] {
    let (need, room) = (answer.value, room.value?.answer.value)
    return [
      MetricFamily("need", .bytes, "Bytes of --need.").with(need?.need, labels),
      MetricFamily("need_possible", nil, "1 if the bytes of --need can be wired, 0 if not.")
        .with(need?.possible.value.map { $0 ? 1 : 0 }, labels),
      MetricFamily("room", .bytes, "Bytes of --room.").with(room?.need, labels),
      MetricFamily("room_possible", nil, "1 if a region of --room can be created, 0 if not.")
        .with(room?.possible.value.map { $0 ? 1 : 0 }, labels),
    ]
  }
}

extension LimitsReport.Limit {
  /// The limit as the value of a metric; nil if it is unknown.
  fileprivate var metric: MetricFamily.Value? {
    unlimited ? .infinity : bytes.value.map { .integer($0) }
  }
}

extension LimitsReport.CountLimit {
  /// The limit as the value of a metric; nil if it is unknown.
  fileprivate var metric: MetricFamily.Value? {
    unlimited ? .infinity : count.value.map { .integer($0) }
  }
}
