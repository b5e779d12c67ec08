import ShmCore

extension WiringVerdict.Unknown {
  /// The unreadable sources, and what they decide.
  func text(_ place: Place) -> String {
    switch self {
    case .userNamespace(let remaining):
      let map = place.process.userMap.map { " (its uid map is \($0))" } ?? ""
      return """
        the user namespace of process \(place.process.process) cannot be read\(map); if it is not the \
        initial user namespace, CAP_IPC_LOCK has no effect, and the memlock limit leaves \
        \(ByteCount(remaining))
        """
    case .systemCallFilter:
      return "a seccomp filter is active, and it is not visible whether it refuses mlock"
    case .status:
      return "process \(place.process.process) has no memory: it has exited, or is a kernel thread"
    case .controlGroups: return "its control groups cannot be read"
    case .memory: return "the available memory cannot be read from /proc/meminfo"
    }
  }
}

extension RegionRoom.Unknown {
  /// The unreadable sources.
  var text: String {
    switch self {
    case .controlGroups: "the control groups of the process cannot be read"
    case .pool: "the pool of huge pages cannot be read from /sys/kernel/mm/hugepages"
    case .memory: "the available memory cannot be read from /proc/meminfo"
    case .overcommit: "vm.overcommit_memory cannot be read"
    }
  }
}

extension LimitsReport {
  /// The meaning of a trial that overrides the figures.
  static func note(_ binding: WiringVerdict.Bound?) -> Unknowable<String> {
    switch binding {
    case .refused?: Unknowable("nothing can be wired: mlock is refused, whatever the limits are")
    case .memlockFound?:
      Unknowable(
        "the kernel allows less than the limit and CAP_IPC_LOCK say: a security module may refuse")
    default: Unknowable(nil)
    }
  }
}

extension LimitsReport.Limit {
  /// The result of a trial.
  init(_ result: WiringTrial) {
    switch result {
    case .unlimited: self.init(nil as Int?)
    case .limited(let bytes): self.init(bytes)
    case .refused: self.init(0)
    }
  }
}
