import SystemPackage

extension WiringFailure: CustomStringConvertible {
  /// The complete message on one line: the limit, its figures, and how to raise it.
  public var description: String { ShmError(self).description }
}

extension ShmError {
  /// Converts a `WiringFailure` to a `ShmError` of kind `limit`, `noSpace`, `inputOutput`, `interrupted` or `system`.
  public init(_ failure: WiringFailure) {
    self = failure.error(failure.evidence.attempt)
  }
}

extension WiringFailure {
  /// The error for a user: the name of the limit, its figures, and how to raise it.
  ///
  /// - Parameters:
  ///   - attempt: the operation and its object.
  ///   - following: the bytes that will be wired after these. The required limit includes them.
  /// - Returns: an error of kind `limit`, `noSpace`, `inputOutput` or `system`.
  package func error(_ attempt: String, following: Int = 0) -> ShmError {
    let limits = evidence.limits
    // The required limit in bytes.
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
        CAP_IPC_LOCK has no effect in a user namespace \(figures)
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
        "the region has \(evidence.regionSize ?? 0) bytes, but the range ends at byte \(evidence.rangeEnd)"
      )
    case .fileSystemFull:
      let missing = evidence.missing ?? 0
      let free = evidence.fileSystemFree ?? 0
      let (needs, has) = ByteCount(missing).distinguished(from: ByteCount(free))
      return make(
        .noSpace, "needs \(needs) more in RAM, but its file system has \(has) free",
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
        "the kernel refuses \(ByteCount(missing)) more of huge pages\(room)",
        remedy: "check the hugetlb control groups and the memory nodes of this process")
    case .cgroup: return cgroupError(attempt)
    case .noMemory:
      let missing = evidence.refusing?.needed ?? evidence.missing ?? evidence.wanted
      guard let available = limits.memory?.available else {
        return make(
          .noSpace, "the kernel refuses \(ByteCount(missing)) more in RAM")
      }
      let (needs, has) = ByteCount(missing).distinguished(from: ByteCount(available))
      if missing <= available, errorNumber == nil {
        return make(
          .noSpace,
          "needs \(needs) more in RAM, but a part of the \(has) available is kept for other memory"
        )
      }
      return make(
        .noSpace,
        missing > available
          ? "needs \(needs) more in RAM, but only \(has) is available"
          : "the kernel refuses \(needs) more in RAM, although \(has) is available",
        remedy: missing > available
          ? nil : "try again; another process may have used the memory for a short time")
    case .notResident:
      return make(
        .noSpace,
        """
        mlock succeeded, but only \(ByteCount(evidence.resident ?? 0)) is in RAM, or some pages are not \
        locked
        """)
    case .unverified:
      let why = errorNumber.map { ": \(Errno(rawValue: $0).reason)" } ?? ""
      return make(
        .system, "mlock succeeded, but it could not be verified that every page is in RAM\(why)")
    case .stopped: return make(.interrupted, "it was interrupted")
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
      return ShmError(
        .noSpace, attempt, "it exceeds the limit of a control group", errorNumber: errorNumber)
    }
    let missing = refusing?.needed ?? evidence.missing ?? 0
    return ShmError(
      .limit, attempt,
      """
      cgroup v\(group.version) \(Escaping.printable(group.path.bytes)) has a limit of \(ByteCount(limit)), \
      of which \(ByteCount(group.used)) is in use, and \(ByteCount(missing)) more is needed
      """, shortage: group.shortage(of: missing), errorNumber: errorNumber)
  }
}
