public import SystemPackage

/// Why a wiring was refused, told from the evidence at that moment and not from the error number
/// alone: mlock(2) has one ENOMEM for five reasons.
///
/// ```swift
/// let region = try Region.open(RegionReference("cache"), access: .readOnly)
/// var mapping = try Mapping(of: region, protection: .readOnly)
/// do {
///   _ = try mapping.tryWire()
/// } catch {
///   if error.cause == .memlockLimit { print(error.evidence.limits.remaining ?? -1) }
/// }
/// ```
public struct WiringFailure: Error, Sendable {
  /// What stopped it.
  public enum Cause: String, Sendable {
    /// RLIMIT_MEMLOCK.
    case memlockLimit = "memlock limit"
    /// The limit is 0, and CAP_IPC_LOCK is not effective.
    case capability = "no capability"
    /// CAP_IPC_LOCK is held in a user namespace, where it does not count, and the limit does.
    case userNamespace = "user namespace"
    /// A filter of system calls refuses mlock(2), which the limits would allow.
    case sandbox = "system call filter"
    /// One mapping more than the process may have.
    case mappingCount = "mapping count"
    /// The region ends before the range does, or a part of it is not mapped.
    case truncated
    /// A hole of the region finds no room on its tmpfs.
    case fileSystemFull = "file system full"
    /// No huge page is free.
    case hugePages = "no huge pages"
    /// A control group's limit.
    case cgroup
    /// The machine has no memory for it.
    case noMemory = "no memory"
    /// mlock succeeded, and yet a page is not in RAM, or the mapping does not carry the lock.
    case notResident = "not resident"
    /// mlock succeeded, and whether every page is in RAM cannot be asked.
    case unverified = "not verified"
    /// The caller has stopped it.
    case stopped
    /// Anything else.
    case other
  }

  /// What was seen when it failed.
  public struct Evidence: Sendable {
    /// The limits of the process.
    public let limits: WiringLimits
    /// The bytes that were to be wired, in whole pages.
    public let wanted: Int
    /// Where the range ends in the region, in bytes.
    public let rangeEnd: Int
    /// How large the region was then; nil where it could not be seen.
    public let regionSize: Int?
    /// How much room its file system had, in bytes; nil where it has no limit of its own.
    public let fileSystemFree: Int?
    /// How large its file system may become, in bytes; nil if it has no limit of its own.
    public let fileSystemSize: Int?
    /// Where its file system is mounted; nil if it is unknown.
    public let mountPoint: FilePath?
    /// The pool of huge pages that its pages come from; nil for ordinary pages.
    public let hugePages: HugePagePool?
    /// How much of the range was resident, in bytes; nil where it could not be seen.
    public let resident: Int?
    /// How much of the range had no memory yet, in bytes; nil where it could not be seen.
    public let missing: Int?
    /// What wiring the range needs of the limits on memory; nil if it could not be seen.
    let demand: WiringDemand?

    /// The limit on memory or of a control group that has no room for the range, with what is needed of it.
    var refusing: (candidate: WiringVerdict.Candidate, needed: Int)? {
      demand.flatMap { limits.verdict.refusing($0) }
    }

    /// Whether the region ends before the range does.
    var isTruncated: Bool { regionSize.map { $0 < rangeEnd } ?? false }
  }

  /// What stopped it.
  public let cause: Cause
  /// What was seen.
  public let evidence: Evidence
  /// The error number of the call; nil where the call succeeded and the check did not.
  public let errorNumber: Int32?

  /// Tells the cause of an error number.
  init(_ errno: Errno, _ evidence: Evidence) {
    self.evidence = evidence
    errorNumber = errno.rawValue
    cause = Self.cause(errno, evidence)
  }

  /// A failure of a known cause.
  init(_ cause: Cause, _ evidence: Evidence, errorNumber: Int32? = nil) {
    self.cause = cause
    self.evidence = evidence
    self.errorNumber = errorNumber
  }

  private static func cause(_ errno: Errno, _ evidence: Evidence) -> Cause {
    let limits = evidence.limits
    if evidence.hugePages != nil { return evidence.isTruncated ? .truncated : .hugePages }
    if errno == .notPermitted, limits.soft == 0 {
      return limits.hasCapability ? .userNamespace : .capability
    }
    // With a limit above 0 it is a sandbox that says EPERM, and not mlock(2).
    guard errno == .noMemory || errno == .resourceTemporarilyUnavailable else {
      let isSandbox = errno == .notPermitted || limits.isFiltered == true
      return isSandbox ? .sandbox : .other
    }
    if let remaining = limits.remaining, evidence.wanted > remaining {
      if limits.hasCapability { return .userNamespace }
      return limits.soft == 0 ? .capability : .memlockLimit
    }
    if evidence.isTruncated { return .truncated }
    if let count = limits.mappings, let maximum = limits.settings.maximumMappings,
      count + 2 >= maximum
    {
      return .mappingCount
    }
    let missing = evidence.missing ?? 0
    if missing > 0, let free = evidence.fileSystemFree, free < missing { return .fileSystemFull }
    if let refusing = evidence.refusing {
      if case .cgroup = refusing.candidate.bound { return .cgroup }
      return .noMemory
    }
    // A filter may answer with any number.
    return limits.isFiltered == true && WiringProbe.isRefused(limits) == true ? .sandbox : .noMemory
  }

  /// The failure of what was not tried, because it would exceed the room that is left.
  static func noRoom(_ evidence: Evidence) -> WiringFailure {
    let bound = (evidence.refusing?.candidate ?? evidence.limits.verdict.tightestMemory)?.bound
    let isGroup = if case .cgroup? = bound { true } else { false }
    return WiringFailure(isGroup ? .cgroup : .noMemory, evidence)
  }
}
