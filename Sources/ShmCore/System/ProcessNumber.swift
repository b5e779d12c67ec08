import Glibc
import SystemPackage

/// Numbers of processes.
package enum ProcessNumber {
  /// This process's. getpid(2)
  package static var own: Int32 { getpid() }

  /// The command of a process as the kernel keeps it, 15 bytes at most; nil if it cannot be read.
  /// proc_pid_comm(5)
  package static func command(of process: Int32) -> [UInt8]? {
    (try? FileSystem.contents(of: FilePath("/proc/\(process)/comm")))
      .map { Array($0.prefix { $0 != UInt8(ascii: "\n") }) }
  }
}
