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
  /// Whether the locked size is known. It is unknown for kernel threads and for processes that have ended.
  public let isAccounted: Bool
  /// The bytes that are pinned for devices (`VmPin`), held against the same limit by themselves.
  public let pinned: Int
  /// Whether CAP_IPC_LOCK is in the process's effective set.
  public let hasCapability: Bool
  /// Whether the process is in the initial user namespace; in another namespace the capability has no effect. nil if
  /// unknown.
  public let isInInitialNamespace: Bool?
  /// The number of its mappings; nil if unknown.
  public let mappings: Int?
  /// The limit on its addresses; nil if there is no limit, or if it is unknown.
  public let addressSpace: AddressSpace?
  /// The addresses of a process and their limit.
  public struct AddressSpace: Hashable, Sendable {
    /// The maximum size of its address space in bytes (RLIMIT_AS).
    public let limit: Int
    /// The present size of its address space in bytes.
    public let used: Int
  }

  /// Whether a filter of system calls is in force for it, which may refuse mlock(2); nil if unknown.
  public let isFiltered: Bool?
  /// Every control group that bounds its memory.
  public let cgroups: [MemoryCgroup]
  /// Whether all of them could be read.
  public let areCgroupsVisible: Bool
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
    let status: ProcessStatus
    let limit: MemlockLimit
    do {
      status = ProcessStatus(parsing: try FileSystem.contents(of: directory.appending("status")))
      limit = try MemlockLimit.current(of: process)
    } catch {
      if !ProcessView.isThere { throw ProcessView.missing(attempt) }
      throw error == .noSuchFileOrDirectory || error == .noSuchProcess
        ? ShmError(.notFound, attempt, "no such process", errorNumber: error.rawValue)
        : ShmError(attempt, error)
    }
    let facts = Place.Facts.current(of: process)
    // A uid map that is not the identity proves that the capability has no effect. If the namespace cannot be read, the
    // answer is unknown.
    let isReadable = (try? FileSystem.link(directory.appending("ns").appending("user"))) != nil
    let mappings = try? FileSystem.lineCount(of: directory.appending("maps"))
    let groups = ControlGroups(of: process)
    return WiringLimits(
      process: number, soft: limit.soft, hard: limit.hard, used: status.wired ?? 0,
      isAccounted: status.wired != nil,
      pinned: status.pinned ?? 0, hasCapability: status.hasEffective(.ipcLock),
      isInInitialNamespace: isReadable ? facts.isInInitialNamespace : nil,
      mappings: mappings, addressSpace: ResourceLimit.addressSpace(of: process),
      isFiltered: status.isFiltered, cgroups: MemoryCgroup.bounding(groups),
      areCgroupsVisible: groups.areVisible(for: "memory"), memory: MemoryInformation.current(),
      settings: KernelSettings.current())
  }

  /// Unknown limits, for evidence without information.
  static let unknown = WiringLimits(
    process: getpid(), soft: nil, hard: nil, used: 0, isAccounted: false, pinned: 0,
    hasCapability: false,
    isInInitialNamespace: nil, mappings: nil, addressSpace: nil, isFiltered: nil, cgroups: [],
    areCgroupsVisible: false, memory: nil,
    settings: KernelSettings.current())

  /// Whether the memlock limit does not apply: the capability is effective in the initial user namespace. If the
  /// namespace is unknown, the limit may apply; see `WiringVerdict.unknowns(_:)`.
  public var isExempt: Bool { hasCapability && isInInitialNamespace != false }

  /// How many bytes more the memlock limit lets the process wire; nil is no limit, or an unknown one.
  public var remaining: Int? {
    isExempt ? nil : unprivileged
  }

  /// The same without the capability; nil is no limit.
  private var unprivileged: Int? {
    soft.map { max(0, PageMath.roundDown($0) - used) }
  }

  /// The unreadable sources that decide about wiring.
  var unread: [WiringVerdict.Unknown] {
    var unread: [WiringVerdict.Unknown] = []
    if hasCapability, isInInitialNamespace == nil, let unprivileged {
      unread.append(.userNamespace(remaining: unprivileged))
    }
    if isFiltered == true { unread.append(.systemCallFilter) }
    if !isAccounted { unread.append(.status) }
    if !areCgroupsVisible { unread.append(.controlGroups) }
    if memory?.available == nil { unread.append(.memory) }
    return unread
  }

  /// How many bytes more could be wired now, and what stops the next one.
  public var verdict: WiringVerdict { WiringVerdict(self) }
}
