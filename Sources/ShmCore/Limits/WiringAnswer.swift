import SystemPackage

/// Whether so much more could be wired, and if not, what to raise in the caller's circumstances.
public struct WiringAnswer: Sendable {
  /// Where the process runs, which decides how a limit is raised.
  public enum Circumstances: Sendable, Equatable {
    /// A login shell, or what one has started.
    case shell
    /// A unit of a service manager, by its name.
    case unit(String)
    /// A container, whose engine sets the limits.
    case container
  }

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

  /// Where a process runs, by the names of its control groups.
  static func circumstances(_ limits: WiringLimits) -> Circumstances {
    for group in limits.cgroups {
      let parts = group.path.split(separator: "/")
      if parts.contains(where: {
        $0.hasPrefix("docker") || $0.hasPrefix("kubepods") || $0.hasPrefix("libpod")
      }) {
        return .container
      }
      if let last = parts.last, last.hasSuffix(".service") { return .unit(String(last)) }
    }
    let marks = ["/.dockerenv", "/run/.containerenv"]
    return marks.contains { FileSystem.exists(FilePath($0)) } ? .container : .shell
  }

  private static func remedy(
    _ bound: WiringVerdict.Bound, _ limits: WiringLimits, _ need: Int
  ) -> String {
    switch bound {
    case .memory:
      return "free memory, or need less"
    case .cgroup(let version, let path):
      let file = version == 1 ? "memory.limit_in_bytes" : "memory.max"
      return switch circumstances(limits) {
      case .unit(let name): "raise MemoryMax= with 'systemctl edit \(name)'"
      case .container: "raise the container's memory limit (--memory)"
      case .shell: "raise \(file) of cgroup \(Escaping.printable(path))"
      }
    case .memlockLimit:
      let total = (PageMath.roundUp(need) ?? need).addingReportingOverflow(limits.used).partialValue
      let kibibytes = PageMath.pages(total, of: 1024)
      switch circumstances(limits) {
      case .unit(let name):
        return "set LimitMEMLOCK=\(total) with 'systemctl edit \(name)'"
      case .container:
        return "run it with --ulimit memlock=\(total):\(total), or --cap-add IPC_LOCK"
      case .shell:
        if let hard = limits.hard, hard < total {
          return """
            as root: 'prlimit --pid \(limits.process) --memlock=\(total):\(total)', or a line \
            'USER - memlock \(kibibytes)' in /etc/security/limits.conf
            """
        }
        return "'ulimit -l \(kibibytes)'"
      }
    }
  }
}
