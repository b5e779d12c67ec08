import Glibc

/// What this process has used. getrusage(2)
enum ResourceUse {
  /// How often it gave the processor away, or had to.
  static var contextSwitches: Int {
    var usage = rusage()
    unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_nvcsw + usage.ru_nivcsw
  }
}
