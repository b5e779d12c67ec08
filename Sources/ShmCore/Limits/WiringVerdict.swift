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
    /// A control group, by its version and path.
    case cgroup(version: Int, path: FilePath)
    /// The machine's memory.
    case memory

    /// The limit in a few words.
    public var name: String {
      switch self {
      case .memlockLimit: "the memlock limit"
      case .cgroup(let version, let path): "cgroup v\(version) \(Escaping.printable(path.bytes))"
      case .memory: "available memory"
      }
    }
  }

  /// Each limit with the bytes that it leaves, the tightest first.
  public let bounds: [Candidate]

  /// One limit with what it leaves.
  public struct Candidate: Hashable, Sendable {
    /// The limit.
    public let bound: Bound
    /// The bytes that it leaves.
    public let available: Int
    /// What of these is page cache that the kernel would have to take back first.
    public var reclaimable = 0
  }

  /// The bytes that could be wired now; nil where no limit is known.
  public var available: Int? { bounds.first?.available }
  /// The limit that binds; nil where none is known.
  public var binding: Bound? { bounds.first?.bound }

  init(_ limits: WiringLimits) {
    var bounds: [Candidate] = []
    if let remaining = limits.remaining {
      bounds.append(Candidate(bound: .memlockLimit, available: remaining))
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
    self.bounds = bounds.enumerated()
      .sorted { ($0.element.available, $0.offset) < ($1.element.available, $1.offset) }
      .map(\.element)
  }

  /// Whether `bytes` more, in whole pages, could be wired as far as can be known.
  public func allows(_ bytes: Int) -> Bool {
    guard let available, let whole = PageMath.roundUp(bytes) else { return available == nil }
    return whole <= available
  }

  /// The limit on memory that wiring some pages would break, and what they need of it. The memlock limit
  /// is left to the kernel, which refuses the call; what exceeds memory or a control group ends the
  /// process instead.
  ///
  /// - Parameter demand: the pages.
  /// - Returns: the tightest such limit with the bytes that are needed; nil if none is known to refuse.
  public func refusing(_ demand: WiringDemand) -> (candidate: Candidate, needed: Int)? {
    for bound in bounds where bound.bound != .memlockLimit {
      let needed = demand.bytes(of: bound)
      if needed > bound.available { return (bound, needed) }
    }
    return nil
  }

  /// The tightest limit that `bytes` more would break.
  public func refusing(_ bytes: Int) -> Candidate? {
    let whole = PageMath.roundUp(bytes) ?? Int.max
    return bounds.first { $0.available < whole }
  }
}
