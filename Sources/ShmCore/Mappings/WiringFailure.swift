import SystemPackage

/// Why a wiring was refused, told from the evidence at that moment. mlock(2)
public struct WiringFailure: Hashable, Sendable {
  /// What stopped it.
  public enum Cause: String, Sendable {
    /// The memlock limit of the process.
    case memlockLimit = "memlock limit"
    /// The limit is 0, and CAP_IPC_LOCK is not effective.
    case notPermitted = "not permitted"
    /// The region ends before the range does.
    case truncated
    /// A page could not be brought in: memory, or the tmpfs, is full.
    case noMemory = "no memory"
    /// One mapping more than the process may have.
    case tooManyMappings = "too many mappings"
    /// mlock succeeded, and yet a page is not in RAM.
    case notResident = "not resident"
    /// Anything else.
    case other
  }

  /// What stopped it.
  public let cause: Cause
  /// The bytes that were to be wired, in whole pages.
  public let wanted: Int
  /// The limits at that moment.
  public let softLimit: Int?
  /// The hard limit at that moment.
  public let hardLimit: Int?
  /// What the process had wired already, in bytes.
  public let used: Int

  /// Tells the cause from the error number and from what can be seen.
  static func classify(
    _ errno: Errno, wanted: Int, mappedBytesLeft: Int, limits: WiringLimits
  ) -> WiringFailure {
    let cause: Cause =
      switch errno {
      case .notPermitted: .notPermitted
      case .noMemory:
        if mappedBytesLeft < wanted {
          .truncated
        } else if let remaining = limits.remaining, wanted > remaining {
          limits.soft == 0 ? .notPermitted : .memlockLimit
        } else {
          .noMemory
        }
      case .resourceTemporarilyUnavailable: .noMemory
      default: .other
      }
    return WiringFailure(
      cause: cause, wanted: wanted, softLimit: limits.soft, hardLimit: limits.hard,
      used: limits.used)
  }

  /// The error for the user: figures, the limit's name, and what raises it.
  func error(_ attempt: String, errno: Errno?) -> ShmError {
    func limit(_ value: Int?) -> String { value.map { "\(ByteCount($0))" } ?? "unlimited" }
    let figures =
      "(RLIMIT_MEMLOCK soft \(limit(softLimit)), hard \(limit(hardLimit)))"
    let kibibytes = ((used + wanted) >> 10) + ((used + wanted) % 1024 == 0 ? 0 : 1)
    let raise =
      "raise it with 'ulimit -l \(kibibytes)', LimitMEMLOCK= in the unit, or grant CAP_IPC_LOCK"
    let number = errno?.rawValue
    return switch cause {
    case .memlockLimit:
      ShmError(
        .limit, attempt,
        "the memlock limit is \(limit(softLimit)) and \(ByteCount(used)) is in use \(figures)",
        remedy: raise, errorNumber: number)
    case .notPermitted:
      ShmError(
        .limit, attempt,
        "the memlock limit is 0 and CAP_IPC_LOCK is not effective \(figures)", remedy: raise,
        errorNumber: number)
    case .truncated:
      ShmError(
        .inputOutput, attempt, "the region has become smaller than the range",
        errorNumber: number)
    case .noMemory:
      ShmError(
        .noSpace, attempt,
        "a page could not be brought into RAM: memory, the cgroup or the region's tmpfs is full",
        errorNumber: number)
    case .tooManyMappings:
      ShmError(
        .limit, attempt, "the process has as many mappings as it may",
        remedy: "raise vm.max_map_count", errorNumber: number)
    case .notResident:
      ShmError(
        .noSpace, attempt, "the kernel said yes, and yet pages are not in RAM", errorNumber: number)
    case .other:
      ShmError(
        .system, attempt, errno?.reason ?? "for no reason that the kernel gave",
        errorNumber: number)
    }
  }
}
