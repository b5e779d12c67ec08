import CShm

/// How many files this process may have open at once. getrlimit(2)
package enum OpenFileLimit {
  /// Raises the soft limit to the hard one, for work with many files at once. Commands that are started
  /// afterwards get the limit that this process was started with: select(2) fails on high numbers.
  package static func raise() { cshm_raise_file_limit() }
}
