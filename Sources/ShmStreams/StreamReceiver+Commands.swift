import CShm
import Glibc
public import ShmCore
import SystemPackage

extension StreamReceiver {
  /// Waits until whoever reads a pipe has taken all that was written into it: what lies there when its
  /// reader ends was not delivered.
  ///
  /// - Parameters:
  ///   - pipe: the number of its writing end; it stays the caller's.
  ///   - name: what is written to, in messages.
  /// - Throws: `ShmError`: `inputOutput` where nobody reads it any more, `timedOut`, `interrupted`. The
  ///   stream is aborted then.
  public mutating func waitUntilTaken(from pipe: Int32, named name: String) throws(ShmError) {
    do throws(ShmError) {
      var clock = Deadline(after: options.stallTimeout)
      var unread = Int.max
      // No descriptor tells that a pipe has become empty.
      var pause = Duration.milliseconds(1)
      while case let now = Int(cshm_unread(pipe)), now > 0 {
        if now != unread {
          clock.restart()
          pause = .milliseconds(1)
        }
        unread = now
        if try wait(end: pipe, until: Deadline(after: pause)).end {
          throw ShmError(
            .inputOutput, "cannot write \(name)", "it has ended with \(now) bytes unread")
        }
        pause = min(pause * 2, .milliseconds(20))
        if let limit = clock.passed { throw failure.stalled(limit, after: ring.position) }
      }
    } catch {
      abort(error)
      throw error
    }
  }

  /// Waits until a descriptor can be read, and hears signals meanwhile: for the end of a command that
  /// has got everything.
  ///
  /// - Parameter descriptor: the number; it stays the caller's.
  /// - Throws: `ShmError`: `timedOut`, `interrupted`, and what the sender has done before its end. The
  ///   stream is aborted then.
  public mutating func wait(for descriptor: Int32) throws(ShmError) {
    do throws(ShmError) {
      let clock = Deadline(after: options.stallTimeout)
      while !(try wait(descriptor, until: clock).first) {
        if let limit = clock.passed { throw failure.stalled(limit, after: ring.position) }
      }
    } catch {
      abort(error)
      throw error
    }
  }
}
