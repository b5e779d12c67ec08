import Glibc

/// The processor time and the context switches of a process. getrusage(2)
struct BenchUsage {
  var nanoseconds = 0
  var contextSwitches = 0

  /// What this process has used so far.
  static var current: BenchUsage {
    var usage = rusage()
    unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func nanoseconds(_ time: timeval) -> Int {
      time.tv_sec * 1_000_000_000 + Int(time.tv_usec) * 1000
    }
    return BenchUsage(
      nanoseconds: nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime),
      contextSwitches: usage.ru_nvcsw + usage.ru_nivcsw)
  }

  static func - (later: BenchUsage, earlier: BenchUsage) -> BenchUsage {
    BenchUsage(
      nanoseconds: later.nanoseconds - earlier.nanoseconds,
      contextSwitches: later.contextSwitches - earlier.contextSwitches)
  }

  static func + (one: BenchUsage, other: BenchUsage) -> BenchUsage {
    BenchUsage(
      nanoseconds: one.nanoseconds + other.nanoseconds,
      contextSwitches: one.contextSwitches + other.contextSwitches)
  }
}
