import Glibc
import SystemPackage

/// Everything that bounds how much one process can wire, with its figures at one moment.
/// getrlimit(2), capabilities(7), cgroups(7)
///
/// ```swift
/// let limits = try WiringLimits.current()
/// print(limits.soft ?? -1, limits.used, limits.verdict.binding?.name ?? "nothing binds")
/// ```
public struct WiringLimits: Sendable {
  /// The process.
  public let process: Int32
  /// The memlock limit in bytes, the soft one, which counts; nil is no limit.
  public let soft: Int?
  /// The hard limit in bytes, up to which the soft one may be raised; nil is no limit.
  public let hard: Int?
  /// The bytes that the process has wired (`VmLck`).
  public let used: Int
  /// The bytes that are pinned for devices (`VmPin`), held against the same limit by themselves.
  public let pinned: Int
  /// Whether CAP_IPC_LOCK is in the process's effective set.
  public let hasCapability: Bool
  /// Whether the process is in the initial user namespace; elsewhere the capability counts for
  /// nothing. nil where it cannot be known.
  public let isInInitialNamespace: Bool?
  /// How many mappings it has; nil where it cannot be known.
  public let mappings: Int?
  /// Where it runs.
  public let circumstances: Circumstances
  /// Every control group that bounds its memory.
  public let cgroups: [MemoryCgroup]
  /// The machine's memory.
  public let memory: MemoryInformation?
  /// The kernel's settings.
  public let settings: KernelSettings

  /// The limits of a process, now.
  ///
  /// - Parameter process: its number; nil for this one.
  /// - Returns: the figures of this moment.
  /// - Throws: `ShmError`: `notFound`, `notPermitted` for another user's process.
  public static func current(of process: Int32? = nil) throws(ShmError) -> WiringLimits {
    let number = process ?? getpid()
    let attempt = "cannot read the limits of process \(number)"
    // Capabilities are a thread's: the first one of this process may have others than this one.
    let directory = FilePath(process.map { "/proc/\($0)" } ?? "/proc/thread-self")
    let explain = { (error: Errno) in
      if !ProcessView.isThere { return ProcessView.missing(attempt) }
      return error == .noSuchFileOrDirectory || error == .noSuchProcess
        ? ShmError(.notFound, attempt, "there is no such process", errorNumber: error.rawValue)
        : ShmError(attempt, error)
    }
    let (status, limit) = try ShmError.explaining(explain) { () throws(Errno) in
      let status = ProcessStatus(
        parsing: try FileSystem.contents(of: directory.appending("status")))
      return (status, try MemlockLimit.current(of: process))
    }
    let namespace = try? FileSystem.link(directory.appending("ns").appending("user")).string
    return WiringLimits(
      process: number, soft: limit.soft, hard: limit.hard, used: status.wired ?? 0,
      pinned: status.pinned ?? 0, hasCapability: status.hasEffective(.ipcLock),
      // The number of the initial namespace is fixed: PROC_USER_INIT_INO.
      isInInitialNamespace: namespace.map { $0 == "user:[4026531837]" },
      mappings: try? FileSystem.lineCount(of: directory.appending("maps")),
      circumstances: Circumstances.current(process.map { "\($0)" } ?? "self"),
      cgroups: MemoryCgroup.bounding(process), memory: MemoryInformation.current(),
      settings: KernelSettings.current())
  }

  /// For evidence where nothing can be seen.
  static let unknown = WiringLimits(
    process: getpid(), soft: nil, hard: nil, used: 0, pinned: 0, hasCapability: false,
    isInInitialNamespace: nil, mappings: nil, circumstances: .shell, cgroups: [], memory: nil,
    settings: KernelSettings.current())

  /// Whether the memlock limit does not count: the capability is effective where it means
  /// something.
  public var isExempt: Bool { hasCapability && isInInitialNamespace != false }

  /// How many bytes more the memlock limit lets the process wire; nil is no limit.
  public var remaining: Int? {
    guard !isExempt, let soft else { return nil }
    return max(0, PageMath.roundDown(soft) - used)
  }

  /// How many bytes more could be wired now, and what stops the next one.
  public var verdict: WiringVerdict { WiringVerdict(self) }
}
