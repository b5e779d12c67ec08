public import SystemPackage

/// How much could be wired now, and which limit binds.
///
/// ```swift
/// let verdict = try WiringLimits.current().verdict
/// print(verdict.available ?? -1, verdict.allows(1 << 30))
/// ```
public struct WiringVerdict: Hashable, Sendable {
  /// A limit on wiring.
  public enum Bound: Hashable, Sendable {
    /// RLIMIT_MEMLOCK.
    case memlockLimit
    /// The memlock limit as a trial has found it, which is lower than what was computed.
    case memlockFound
    /// mlock(2) is refused, whatever the limits are.
    case refused
    /// The addresses that the process may have, RLIMIT_AS: what is wired is mapped.
    case addressSpace
    /// A control group, by its version and path.
    case cgroup(version: Int, path: FilePath)
    /// The machine's memory.
    case memory

    /// Whether the kernel ends a process that exceeds it, instead of refusing the call.
    package var endsProcesses: Bool {
      switch self {
      case .cgroup, .memory: true
      default: false
      }
    }

    /// The limit in a few words.
    public var name: String {
      switch self {
      case .memlockLimit: "the memlock limit"
      case .memlockFound: "the memlock limit, found by a trial"
      case .addressSpace: "the limit on address space"
      case .refused: "a system call filter (seccomp)"
      case .cgroup(let version, let path): "cgroup v\(version) \(Escaping.printable(path.bytes))"
      case .memory: "available memory"
      }
    }
  }

  /// A limit on which the answer depends and that could not be read.
  public enum Unknown: Hashable, Sendable {
    /// Whether CAP_IPC_LOCK, which the process has, counts: its user namespace could not be read. The
    /// memlock limit leaves `remaining` bytes if it does not count.
    case userNamespace(remaining: Int)
    /// Whether the filter of system calls of the process refuses mlock(2).
    case systemCallFilter
    /// Whether the process has CAP_IPC_LOCK, or how much it has wired.
    case status
    /// The control groups of the process.
    case controlGroups
    /// The memory of the machine.
    case memory
  }

  /// Each limit with the bytes that it leaves, the tightest first.
  public let bounds: [Candidate]
  /// The unreadable sources.
  private let unread: [Unknown]

  /// A limit and the bytes that remain below it.
  public struct Candidate: Hashable, Sendable {
    /// The limit.
    public let bound: Bound
    /// The bytes that remain below the limit.
    public let available: Int
    /// The part of these bytes that is page cache, which the kernel would have to reclaim first.
    public var reclaimable = 0
  }

  /// A limit that the request exceeds.
  public struct Refusal: Hashable, Sendable {
    /// The limit and the bytes that remain below it.
    public let candidate: Candidate
    /// The bytes of this limit that the request needs.
    public let needed: Int
  }

  /// The bytes that can be wired now; nil if no limit is known.
  public var available: Int? { bounds.first?.available }
  /// The limit that binds; nil if no limit is known.
  public var binding: Bound? { bounds.first?.bound }

  init(_ limits: WiringLimits) {
    var bounds: [Candidate] = []
    if let remaining = limits.remaining {
      bounds.append(Candidate(bound: .memlockLimit, available: remaining))
    }
    if let addresses = limits.addressSpace {
      bounds.append(
        Candidate(bound: .addressSpace, available: max(0, addresses.limit - addresses.used)))
    }
    for group in limits.cgroups {
      if let room = group.room(swapFree: 0) {
        bounds.append(
          Candidate(
            bound: .cgroup(version: group.version, path: group.path), available: room.available,
            reclaimable: group.reclaimable))
      }
    }
    if let available = limits.memory?.available {
      bounds.append(
        Candidate(
          bound: .memory, available: available,
          reclaimable: (limits.memory?["Active(file)"] ?? 0)
            + (limits.memory?["Inactive(file)"] ?? 0)))
    }
    // A stable order: of equal bounds the one named first is the one to raise.
    self.bounds = Self.sorted(bounds)
    unread = limits.unread
  }

  private init(_ bounds: [Candidate], _ unread: [Unknown]) {
    self.bounds = Self.sorted(bounds)
    self.unread = unread
  }

  private static func sorted(_ bounds: [Candidate]) -> [Candidate] {
    bounds.enumerated()
      .sorted { ($0.element.available, $0.offset) < ($1.element.available, $1.offset) }
      .map(\.element)
  }

  /// The verdict with what a trial has found in this process, which overrides what was computed.
  ///
  /// - Parameter trial: the result of a trial.
  /// - Returns: the same bounds, with what was found in place of the memlock limit.
  package func overridden(by trial: WiringTrial) -> WiringVerdict {
    let computed = bounds.first { $0.bound == .memlockLimit }
    var bounds = bounds.filter { $0.bound != .memlockLimit }
    switch trial {
    case .unlimited: break
    case .limited(let found):
      let isComputed = found == computed?.available
      bounds.insert(
        Candidate(bound: isComputed ? .memlockLimit : .memlockFound, available: found), at: 0)
    case .refused: bounds.insert(Candidate(bound: .refused, available: 0), at: 0)
    }
    return WiringVerdict(bounds, unread.filter { $0 == .controlGroups || $0 == .memory })
  }

  /// The verdict if a trial has shown that no filter of system calls refuses mlock(2).
  package var unfiltered: WiringVerdict {
    WiringVerdict(bounds, unread.filter { $0 != .systemCallFilter })
  }

  /// The limits that decide whether `bytes` more could be wired, and that could not be read.
  public func unknowns(_ bytes: Int) -> [Unknown] {
    let whole = PageMath.roundUp(bytes) ?? Int.max
    return unread.filter { unknown in
      if case .userNamespace(let remaining) = unknown { return remaining < whole }
      return true
    }
  }

  /// Whether `bytes` more, in whole pages, could be wired; nil if a limit on which the answer depends could not be
  /// read.
  public func allows(_ bytes: Int) -> Bool? {
    if refusing(bytes) != nil { return false }
    return unknowns(bytes).isEmpty ? true : nil
  }

  /// The limit on memory that wiring some pages would exceed, and the bytes that they need. The kernel checks the
  /// memlock limit and refuses the call. If a request exceeds memory or the limit of a control group, the kernel ends
  /// the process instead.
  ///
  /// - Parameter demand: the pages.
  /// - Returns: the tightest such limit with the bytes that are needed; nil if no limit is known to refuse.
  public func refusing(_ demand: WiringDemand) -> Refusal? {
    for bound in bounds where bound.bound.endsProcesses {
      let needed = demand.bytes(of: bound)
      if needed > bound.available { return Refusal(candidate: bound, needed: needed) }
    }
    return nil
  }

  /// The limit with the fewest remaining bytes: memory, or a control group.
  var tightestMemory: Candidate? {
    bounds.first { $0.bound.endsProcesses }
  }

  /// The tightest limit that `bytes` more would break.
  public func refusing(_ bytes: Int) -> Candidate? {
    let whole = PageMath.roundUp(bytes) ?? Int.max
    return bounds.first { $0.available < whole }
  }
}
