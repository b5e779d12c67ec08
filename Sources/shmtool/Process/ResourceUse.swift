import Glibc

/// The resources that this process has used. getrusage(2)
enum ResourceUse {
  /// The number of its context switches.
  static var contextSwitches: Int {
    var usage = rusage()
    unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_nvcsw + usage.ru_nivcsw
  }
}
