package import SystemPackage

/// The thread of a process that can be asked about all of them.
///
/// The first thread can end before the others. It remains as a zombie without memory and descriptors, so /proc/PID
/// shows neither. /proc/TID of a living thread shows those that all threads share. proc(5)
package enum ProcessThreads {
  /// The number of a living thread: the process's own, unless its first thread has ended.
  package static func living(of process: Int32) -> Int32 {
    guard hasEnded(FilePath("/proc/\(process)/stat")) else { return process }
    let tasks = FilePath("/proc/\(process)/task")
    for name in (try? FileSystem.names(in: tasks)) ?? [] {
      guard let thread = Int32(name.string), thread != process,
        !hasEnded(tasks.appending(name).appending("stat"))
      else { continue }
      return thread
    }
    return process
  }

  /// The directory of /proc that shows the memory and the descriptors of a process.
  package static func directory(of process: Int32) -> FilePath {
    FilePath("/proc/\(living(of: process))")
  }

  /// By the state, which follows the name in parentheses: Z or X. false if it cannot be read.
  /// proc_pid_stat(5)
  private static func hasEnded(_ path: FilePath) -> Bool {
    guard let text = try? FileSystem.contents(of: path),
      let nameEnd = text.lastIndex(of: UInt8(ascii: ")"))
    else { return false }
    let state = text[(nameEnd + 1)...].first { $0 != UInt8(ascii: " ") }
    return state == UInt8(ascii: "Z") || state == UInt8(ascii: "X")
  }
}
