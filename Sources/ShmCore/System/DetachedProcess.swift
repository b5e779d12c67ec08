import CShm
import Glibc
import SystemPackage

/// This program once more, in a session of its own, where it goes on when its starter has ended.
package enum DetachedProcess {
  /// Starts it, and waits until it writes to descriptor 3 that it is ready, or ends.
  ///
  /// Where this process is killed before, the other finds nobody to tell and ends, too.
  ///
  /// - Parameter arguments: its arguments, the name first.
  /// - Returns: 0 where it is ready, its exit code where it has ended before.
  /// - Throws: `ShmError`, where it cannot be started.
  package static func start(_ arguments: [String]) throws(ShmError) -> Int32 {
    let attempt = "cannot start a process in the background"
    guard ProcessView.isThere else { throw ProcessView.missing(attempt) }
    return try ShmError.saying(attempt) { () throws(Errno) in
      var ends: [CInt] = [-1, -1]
      try SystemCall.checkNegated { unsafe cshm_pipe(&ends) }
      let reader = OwnedDescriptor(adopting: ends[0])
      let writer = OwnedDescriptor(adopting: ends[1])
      let child = try ChildProcess(
        arguments, executable: try FileSystem.link("/proc/self/exe").string,
        descriptors: [writer.raw], environment: [],
        newSession: true, closesOthers: true)
      // From here on the child's copy is the only one: its end is the end of the pipe.
      try writer.close()
      var line = [UInt8](repeating: 0, count: 16)
      let count = try unsafe line.withUnsafeMutableBufferPointer {
        (buffer) throws(Errno) -> Int in
        try unsafe reader.read(into: UnsafeMutableRawBufferPointer(buffer))
      }
      return count > 0 ? 0 : try child.wait()
    }
  }
}
