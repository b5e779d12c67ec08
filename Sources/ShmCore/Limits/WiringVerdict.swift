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
      if let available = group.available {
        bounds.append(
          Candidate(
            bound: .cgroup(version: group.version, path: group.path), available: available))
      }
    }
    if let available = limits.memory?.available {
      bounds.append(Candidate(bound: .memory, available: available))
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

  /// The tightest limit that `bytes` more would break.
  public func refusing(_ bytes: Int) -> Candidate? {
    let whole = PageMath.roundUp(bytes) ?? Int.max
    return bounds.first { $0.available < whole }
  }
}
