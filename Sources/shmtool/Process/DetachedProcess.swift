import CShm
import CShmTool
import Glibc
import ShmCore
import SystemPackage

/// A copy of this program in its own session, which continues after this process has ended.
enum DetachedProcess {
  /// Starts it, and waits until it reports on descriptor 3 that it is ready, or ends.
  ///
  /// It executes the file of this process even if the file was renamed or removed: the path that
  /// /proc/self/exe shows may name another program by now. If this process is killed before the report,
  /// the copy cannot report, and ends.
  ///
  /// - Parameter arguments: its arguments, the name first.
  /// - Returns: 0 if it is ready; its exit status, which is not 0, if it ended before.
  /// - Throws: `ShmError` if it cannot be started, if its report cannot be read, or if it ends with 0
  ///   without a report. It does not run then.
  static func start(_ arguments: [[UInt8]]) throws(ShmError) -> Int32 {
    let attempt = "cannot start a background process"
    guard ProcessView.isThere else { throw ProcessView.missing(attempt) }
    var ends: [CInt] = [-1, -1]
    do {
      _ = try SystemCall.checkNegated { unsafe cshm_pipe(&ends) }
    } catch {
      throw ShmError(attempt, error)
    }
    let reader = OwnedDescriptor(adopting: ends[0])
    let writer = OwnedDescriptor(adopting: ends[1])
    let child = try ChildProcess(
      arguments, executable: "/proc/self/exe", attempt: attempt, descriptors: [writer.raw],
      newSession: true, closesOthers: true)
    // The child has the only copy now, so the end of the child closes the pipe.
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
      code = try child.wait().status
    } catch {
      throw ShmError(attempt, error)
    }
    if code == 0 { throw ShmError(.system, attempt, "it exited before it was ready") }
    return code
  }

  /// Sets the name that ps(1) shows. A file that was executed through /proc is called "exe" otherwise.
  static func setName(_ name: String) {
    unsafe name.withCString { unsafe cshmtool_set_name($0) }
  }

  /// Whether the pipe yields exactly these bytes before its end.
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
