import SystemPackage

extension WiringFailure {
  /// The error for a user: the limit's name, its figures, and what raises it.
  ///
  /// - Parameters:
  ///   - attempt: what was tried, and on what.
  ///   - following: the bytes that are to be wired after these: what is to be raised is raised for
  ///     them as well.
  /// - Returns: the sentence, of kind `limit`, `noSpace`, `inputOutput` or `system`.
  public func error(_ attempt: String, following: Int = 0) -> ShmError {
    let limits = evidence.limits
    // What the limit would have to be, in bytes.
    let needed = (limits.used + evidence.wanted).addingReportingOverflow(following).partialValue
    let memlock = LimitShortage(.resource(.memlock, hard: limits.hard), needed: needed)
    func limit(_ value: Int?) -> String { value.map { ByteCount($0).exact } ?? "unlimited" }
    func make(
      _ kind: ShmError.Kind, _ reason: String, _ shortage: LimitShortage? = nil,
      remedy: Remedy? = nil
    ) -> ShmError {
      ShmError(
        kind, attempt, reason, remedy: remedy, shortage: shortage, errorNumber: errorNumber)
    }
    let figures = "(RLIMIT_MEMLOCK soft \(limit(limits.soft)), hard \(limit(limits.hard)))"
    switch cause {
    case .memlockLimit:
      return make(
        .limit,
        """
        the memlock limit is \(limit(limits.soft)) and \(ByteCount(limits.used).exact) is in use \
        \(figures)
        """, memlock)
    case .capability:
      return make(
        .limit, "the memlock limit is 0 and CAP_IPC_LOCK is not effective \(figures)", memlock)
    case .userNamespace:
      return make(
        .limit,
        """
        the memlock limit is \(limit(limits.soft)) and \(ByteCount(limits.used).exact) is in use; \
        CAP_IPC_LOCK is held in a user namespace, where it does not count \(figures)
        """, memlock)
    case .sandbox:
      let said = errorNumber.map { " (\(Errno(rawValue: $0).reason))" } ?? ""
      return make(
        .notPermitted,
        """
        a system call filter\(limits.isFiltered == true ? " (seccomp)" : "") refuses mlock\(said), \
        which the memlock limit would allow \(figures)
        """, LimitShortage(.systemCallFilter, needed: nil))
    case .mappingCount:
      return make(
        .limit,
        """
        the process has \(limits.mappings ?? 0) mappings, and vm.max_map_count is \
        \(limits.settings.maximumMappings ?? 0)
        """,
        LimitShortage(
          .mappingCount, needed: limits.settings.maximumMappings.map { $0 * 2 }),
        remedy: "or wire larger ranges")
    case .truncated:
      return make(
        .inputOutput,
        "the region holds \(evidence.regionSize ?? 0) bytes, and the range ends at \(evidence.rangeEnd)"
      )
    case .fileSystemFull:
      let missing = evidence.missing ?? 0
      let free = evidence.fileSystemFree ?? 0
      let (needs, has) = ByteCount(missing).told(beside: ByteCount(free))
      return make(
        .noSpace, "\(needs) of it is not in RAM, and its file system has \(has) free",
        evidence.fileSystemSize.map {
          SpaceCheck.enlargement(of: evidence.mountPoint, by: missing - free, from: $0)
        })
    case .hugePages:
      let missing = max(0, evidence.wanted - (evidence.resident ?? 0))
      let shortage = evidence.hugePages?.shortage(of: missing)
      if let shortage { return make(.noSpace, shortage.reason, shortage.limit) }
      let room = evidence.hugePages.map { ", although \($0.available) pages are available" } ?? ""
      return make(
        .noSpace,
        "the kernel refuses \(ByteCount(missing)) of huge pages, which are not in RAM\(room)",
        remedy: "a hugetlb control group or the memory nodes of this process may allow fewer")
    case .cgroup: return cgroupError(attempt)
    case .noMemory:
      let missing = evidence.refusing?.needed ?? evidence.missing ?? evidence.wanted
      guard let available = limits.memory?.available else {
        return make(
          .noSpace, "\(ByteCount(missing)) must be brought into RAM, which the kernel refuses")
      }
      let (needs, has) = ByteCount(missing).told(beside: ByteCount(available))
      if missing <= available, errorNumber == nil {
        return make(
          .noSpace,
          "\(needs) must be brought into RAM, and of \(has) available a part is left for other memory"
        )
      }
      return make(
        .noSpace,
        missing > available
          ? "\(needs) must be brought into RAM, and \(has) is available"
          : "the kernel refuses to bring \(needs) into RAM, although \(has) is available",
        remedy: missing > available
          ? nil : "another process may have used the memory for a moment: try again")
    case .notResident:
      return make(
        .noSpace,
        """
        the kernel said yes, and yet only \(ByteCount(evidence.resident ?? 0)) is in RAM, or not \
        all of it is locked
        """)
    case .unverified:
      let why = errorNumber.map { ": \(Errno(rawValue: $0).reason)" } ?? ""
      return make(
        .system, "the kernel said yes, and whether every page is in RAM cannot be checked\(why)")
    case .stopped: return make(.interrupted, "it was stopped")
    case .other: return ShmError(attempt, Errno(rawValue: errorNumber ?? 0))
    }
  }

  private func cgroupError(_ attempt: String) -> ShmError {
    let refusing = evidence.refusing
    let candidate = refusing?.candidate ?? evidence.limits.verdict.tightestMemory
    let group = evidence.limits.cgroups.first {
      candidate?.bound == .cgroup(version: $0.version, path: $0.path)
    }
    guard let group, let limit = group.limit else {
      return ShmError(.noSpace, attempt, "a control group's limit", errorNumber: errorNumber)
    }
    let missing = refusing?.needed ?? evidence.missing ?? 0
    return ShmError(
      .limit, attempt,
      """
      cgroup v\(group.version) \(Escaping.printable(group.path.bytes)) is limited to \(ByteCount(limit)), \
      \(ByteCount(group.used)) is in use and \(ByteCount(missing)) more is needed
      """, shortage: group.shortage(of: missing), errorNumber: errorNumber)
  }
}
