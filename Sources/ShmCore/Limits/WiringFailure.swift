public import SystemPackage

/// The reason why memory could not be wired. It is derived from the evidence at that moment, because the error number
/// is not sufficient: mlock(2) returns ENOMEM for five reasons.
///
/// ```swift
/// let region = try Region.open(RegionReference("cache"), access: .readOnly)
/// var mapping = try Mapping(of: region, protection: .readOnly)
/// do {
///   try mapping.wire()
/// } catch {
///   print(error)
///   if error.cause == .memlockLimit { print(error.evidence.limits.remaining ?? 0) }
/// }
/// ```
public struct WiringFailure: Error, Sendable {
  /// What stopped it.
  public enum Cause: String, Sendable {
    /// RLIMIT_MEMLOCK.
    case memlockLimit = "memlock limit"
    /// The limit is 0, and CAP_IPC_LOCK is not effective.
    case capability = "no capability"
    /// CAP_IPC_LOCK is held in a user namespace, which does not lift the memlock limit.
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
    /// mlock succeeded, but the kernel does not report whether every page is in RAM.
    case unverified = "not verified"
    /// The caller has stopped it.
    case stopped
    /// Another cause.
    case other
  }

  /// The state of the limits and of the region when wiring failed.
  public struct Evidence: Sendable {
    /// The operation and its object.
    let attempt: String
    /// The limits of the process.
    public let limits: WiringLimits
    /// The bytes that were to be wired, in whole pages.
    public let wanted: Int
    /// The end of the range in the region, in bytes.
    public let rangeEnd: Int
    /// The size of the region at that moment, in bytes; nil if unknown.
    public let regionSize: Int?
    /// The free bytes of its file system; nil if it has no limit.
    public let fileSystemFree: Int?
    /// The size limit of its file system, in bytes; nil if it has no limit.
    public let fileSystemSize: Int?
    /// The mount point of its file system; nil if unknown.
    public let mountPoint: FilePath?
    /// The pool of huge pages that its pages come from; nil for ordinary pages.
    public let hugePages: HugePagePool?
    /// The resident bytes of the range; nil if unknown.
    public let resident: Int?
    /// The bytes of the range without memory; nil if unknown.
    public let missing: Int?
    /// What wiring the range needs of the limits on memory; nil if it could not be seen.
    let demand: WiringDemand?

    /// The limit on memory or of a control group that has no room for the range, with what is needed of it.
    var refusing: WiringVerdict.Refusal? {
      demand.flatMap { limits.verdict.refusing($0) }
    }

    /// Whether the region ends before the range does.
    var isTruncated: Bool { regionSize.map { $0 < rangeEnd } ?? false }
  }

  /// The cause of the failure.
  public let cause: Cause
  /// The state of the limits and of the region when wiring failed.
  public let evidence: Evidence
  /// The error number of the call; nil if the call succeeded but the verification failed.
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
    // With a limit above 0, EPERM comes from a sandbox, not from mlock(2).
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

  /// A failure that was predicted: wiring was not attempted, because it would exceed the remaining room.
  static func noRoom(_ evidence: Evidence) -> WiringFailure {
    let bound = (evidence.refusing?.candidate ?? evidence.limits.verdict.tightestMemory)?.bound
    let isGroup = if case .cgroup? = bound { true } else { false }
    return WiringFailure(isGroup ? .cgroup : .noMemory, evidence)
  }
}
