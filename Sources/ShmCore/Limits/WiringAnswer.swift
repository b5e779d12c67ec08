/// Whether so much more could be wired, and if not, what to raise in the caller's circumstances.
///
/// ```swift
/// let answer = WiringAnswer(try WiringLimits.current(), need: 64 << 20)
/// if !answer.isYes { print(answer.remedy ?? "") }
/// ```
public struct WiringAnswer: Sendable {
  /// The bytes that are needed.
  public let need: Int
  /// Whether they could be wired now, as far as can be known.
  public let isYes: Bool
  /// The limit that refuses; nil where none does.
  public let refusing: WiringVerdict.Candidate?
  /// What to do; nil where nothing must be done.
  public let remedy: String?

  /// Asks the limits of a process.
  public init(_ limits: WiringLimits, need: Int) {
    self.need = need
    refusing = limits.verdict.refusing(need)
    isYes = refusing == nil
    remedy = refusing.map { Self.remedy($0.bound, limits, need) }
  }

  private static func remedy(
    _ bound: WiringVerdict.Bound, _ limits: WiringLimits, _ need: Int
  ) -> String {
    switch bound {
    case .memory:
      return "free memory, or need less"
    case .cgroup(let version, let path):
      let file = version == 1 ? "memory.limit_in_bytes" : "memory.max"
      return switch limits.circumstances {
      case .unit(let name): "raise MemoryMax= with 'systemctl edit \(name)'"
      case .container: "raise the container's memory limit (--memory)"
      case .shell: "raise \(file) of cgroup \(Escaping.printable(path.bytes))"
      }
    case .memlockLimit:
      let total = (PageMath.roundUp(need) ?? need).addingReportingOverflow(limits.used).partialValue
      return MemlockRemedy(limits, needed: total).text
    }
  }
}
