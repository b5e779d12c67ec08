import CShmTool

/// The limit on open files of this process. getrlimit(2)
enum OpenFileLimit {
  /// Raises the soft limit to the hard limit, for work with many files at once. Commands that are started
  /// later get the original limit, because select(2) fails on high numbers.
  static func raise() { cshmtool_raise_file_limit() }
}
