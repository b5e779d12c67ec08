import Glibc

/// How a memlock limit is raised where a process runs: the words for one place.
struct MemlockRemedy {
  private let limits: WiringLimits
  /// What the limit would have to be, in bytes.
  private let needed: Int

  init(_ limits: WiringLimits, needed: Int) {
    self.limits = limits
    self.needed = needed
  }

  /// What to do; done, the same command succeeds.
  var text: String {
    switch limits.circumstances {
    case .unit(let name): return "set LimitMEMLOCK=\(needed) with 'systemctl edit \(name)'"
    case _ where mayRaiseSoft: return ulimit
    case .container:
      return "start the container with --ulimit memlock=\(needed):\(needed), or --cap-add IPC_LOCK"
    case .shell:
      return """
        as root: 'prlimit --pid \(starter) --memlock=\(needed):\(needed)', or a line \
        'USER - memlock \(kibibytes)' in /etc/security/limits.conf
        """
    }
  }

  /// The same at the end of an error's sentence.
  var afterFailure: String {
    if case .unit = limits.circumstances { return text }
    guard mayRaiseSoft else { return "raise it: \(text)" }
    return "raise it with \(ulimit), LimitMEMLOCK= in the unit, or grant CAP_IPC_LOCK"
  }

  /// Whether everybody may raise the soft limit so far.
  private var mayRaiseSoft: Bool { limits.hard.map { $0 >= needed } ?? true }

  /// The shell's own unit is 1 KiB.
  private var ulimit: String { "'ulimit -l \(kibibytes)'" }

  private var kibibytes: Int { PageMath.pages(needed, of: 1024) }

  /// This process is gone when its sentence is read, and what started it hands its limits on.
  private var starter: Int32 { limits.process == getpid() ? getppid() : limits.process }
}
