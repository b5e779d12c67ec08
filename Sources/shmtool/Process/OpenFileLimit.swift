import CShmTool

/// How many files this process may have open at once. getrlimit(2)
enum OpenFileLimit {
  /// Raises the soft limit to the hard one, for work with many files at once. Commands that are started
  /// afterwards get the limit that this process was started with: select(2) fails on high numbers.
  static func raise() { cshmtool_raise_file_limit() }
}
