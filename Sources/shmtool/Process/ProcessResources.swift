import CShmTool
import Glibc

/// The resources of this process. getrlimit(2), getrusage(2)
enum ProcessResources {
  /// Raises the soft limit on open files to the hard limit, for work with many files at once. Commands that are
  /// started later get the original limit, because select(2) fails on high numbers.
  static func raiseFileLimit() { cshmtool_raise_file_limit() }

  /// The number of context switches of this process so far.
  static var contextSwitches: Int {
    var usage = rusage()
    unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_nvcsw + usage.ru_nivcsw
  }
}
