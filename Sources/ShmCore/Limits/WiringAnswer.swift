/// Whether so much more could be wired, and if not, the limit that refuses.
///
/// ```swift
/// let answer = WiringAnswer(try WiringLimits.current(), need: 64 << 20)
/// if answer.isYes == false { print(answer.shortage.map { "\($0)" } ?? "") }
/// ```
public struct WiringAnswer: Sendable {
  /// The bytes that are needed.
  public let need: Int
  /// Whether they could be wired now; nil if a limit on which the answer depends could not be read.
  public let isYes: Bool?
  /// The limit that refuses; nil if none does.
  public let refusing: WiringVerdict.Candidate?
  /// The value that the limit would need; nil if no limit refuses.
  public let shortage: LimitShortage?
  /// The limits on which the answer depends and that could not be read; empty unless the answer is unknown.
  public let unknowns: [WiringVerdict.Unknown]

  /// Asks the limits of a process.
  public init(_ limits: WiringLimits, need: Int) {
    self.init(limits, verdict: limits.verdict, need: need)
  }

  /// Asks a verdict that knows more than the limits: what a trial has found.
  public init(_ limits: WiringLimits, verdict: WiringVerdict, need: Int) {
    self.need = need
    refusing = verdict.refusing(need)
    shortage = refusing.map { limits.shortage($0, for: need) }
    unknowns = refusing == nil ? verdict.unknowns(need) : []
    isYes = refusing != nil ? false : unknowns.isEmpty ? true : nil
  }
}

extension WiringLimits {
  /// What a limit would have to be for `need` bytes more.
  ///
  /// - Parameters:
  ///   - refusing: the limit that refuses.
  ///   - need: in bytes; whole pages count.
  /// - Returns: the limit with its figure.
  package func shortage(_ refusing: WiringVerdict.Candidate, for need: Int) -> LimitShortage {
    let whole = PageMath.roundUp(need)
    switch refusing.bound {
    case .memory: return LimitShortage(.memory, needed: whole)
    case .addressSpace:
      let sum = whole?.addingReportingOverflow(addressSpace?.used ?? 0)
      return LimitShortage(
        .resource(.addressSpace, hard: nil),
        needed: sum.flatMap { $0.overflow ? nil : $0.partialValue })
    case .refused: return LimitShortage(.systemCallFilter, needed: nil)
    case .cgroup(let version, let path):
      let group = cgroups.first { $0.version == version && $0.path == path }
      return whole.flatMap { group?.shortage(of: $0) }
        ?? LimitShortage(
          .memoryGroup(version: version, path: path, file: "memory.max"), needed: nil)
    case .memlockLimit, .memlockFound:
      let total = whole.flatMap { bytes in
        let (sum, overflow) = bytes.addingReportingOverflow(used)
        return overflow ? nil : sum
      }
      return LimitShortage(.resource(.memlock, hard: hard), needed: total)
    }
  }
}
