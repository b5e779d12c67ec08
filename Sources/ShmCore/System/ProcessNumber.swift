import Glibc

/// Numbers of processes.
package enum ProcessNumber {
  /// This process's. getpid(2)
  package static var own: Int32 { getpid() }
}
