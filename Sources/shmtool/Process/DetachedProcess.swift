import CShm
import CShmTool
import Glibc
import ShmCore
import SystemPackage

/// This program once more, in a session of its own, where it goes on when its starter has ended.
enum DetachedProcess {
  /// Starts it, and waits until it writes to descriptor 3 that it is ready, or ends.
  ///
  /// It executes what this process executes, even if the file has another name by now or none: the path
  /// that /proc/self/exe shows may lead to another program. If this process is killed before, the other
  /// has nobody to tell and ends, too.
  ///
  /// - Parameter arguments: its arguments, the name first.
  /// - Returns: 0 if it is ready; its exit code, which is not 0, if it has ended before.
  /// - Throws: `ShmError` if it cannot be started, or cannot be heard, or ends with 0 and without a
  ///   word. It does not run then.
  static func start(_ arguments: [[UInt8]]) throws(ShmError) -> Int32 {
    let attempt = "cannot start a background process"
    guard ProcessView.isThere else { throw ProcessView.missing(attempt) }
    var ends: [CInt] = [-1, -1]
    _ = try ShmError.saying(attempt) { () throws(Errno) in
      try SystemCall.checkNegated { unsafe cshm_pipe(&ends) }
    }
    let reader = OwnedDescriptor(adopting: ends[0])
    let writer = OwnedDescriptor(adopting: ends[1])
    let child = try ChildProcess(
      arguments, executable: "/proc/self/exe", attempt: attempt, descriptors: [writer.raw],
      newSession: true, closesOthers: true)
    // From here on the child's copy is the only one: its end is the end of the pipe.
    try? writer.close()
    let isReady: Bool
    do throws(Errno) {
      isReady = try hears(Readiness.line, from: reader)
    } catch {
      child.end()
      throw ShmError(attempt, error)
    }
    if isReady { return 0 }
    let code: Int32
    do throws(Errno) {
      code = try child.wait()
    } catch {
      throw ShmError(attempt, error)
    }
    if code == 0 { throw ShmError(.system, attempt, "it exited before it was ready") }
    return code
  }

  /// Names this process as ps(1) shows it: a file that was executed by way of /proc is "exe".
  static func setName(_ name: String) {
    unsafe name.withCString { unsafe cshmtool_set_name($0) }
  }

  /// Whether exactly these bytes come before the end of the pipe.
  private static func hears(
    _ line: [UInt8], from reader: borrowing OwnedDescriptor
  ) throws(Errno) -> Bool {
    var heard: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: line.count)
    while heard.count < line.count {
      let count = try unsafe buffer.withUnsafeMutableBufferPointer {
        (buffer) throws(Errno) -> Int in
        try unsafe reader.read(into: UnsafeMutableRawBufferPointer(buffer))
      }
      if count == 0 { return false }
      heard += buffer[..<count]
    }
    return heard == line
  }
}
