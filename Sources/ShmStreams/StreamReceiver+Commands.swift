import CShm
import Glibc
package import ShmCore
package import SystemPackage

extension StreamReceiver {
  /// Waits until the reader of a pipe has read all bytes in it. Bytes that are left in the pipe when the reader exits
  /// were not delivered.
  ///
  /// - Parameters:
  ///   - pipe: the write end of the pipe. The call does not close it.
  ///   - name: the name of the output in messages.
  /// - Throws: `ShmError`: `inputOutput` if the pipe has no reader, `timedOut`, `interrupted`. The stream is
  ///   aborted then.
  package mutating func waitUntilTaken(
    from pipe: FileDescriptor, named name: String
  ) throws(ShmError) {
    do throws(ShmError) {
      var clock = Deadline(after: options.stallTimeout)
      var unread = Int.max
      // No descriptor signals that a pipe has become empty.
      var pause = Duration.milliseconds(1)
      while case let now = Int(cshm_unread(pipe.rawValue)), now > 0 {
        if now != unread {
          clock.restart()
          pause = .milliseconds(1)
        }
        unread = now
        if try wait(closing: pipe.rawValue, until: Deadline(after: pause)).isClosed {
          // Counted again, because the reader may have read bytes since. Now it cannot read more.
          let left = Int(cshm_unread(pipe.rawValue))
          if left <= 0 { return }
          throw ShmError(
            .inputOutput, "cannot write \(name)", "it ended and left \(left) bytes unread")
        }
        pause = min(pause * 2, .milliseconds(20))
        if let limit = clock.passed { throw failure.stalled(limit, after: ring.position) }
      }
    } catch {
      throw aborting(because: error)
    }
  }

  /// Waits until a descriptor is readable or a signal arrives. Use it to wait for the exit of a command that has
  /// received all bytes.
  ///
  /// - Parameter descriptor: a descriptor, which the call does not close.
  /// - Throws: `ShmError`: `timedOut`, `interrupted`, and the failure of the sender before the end of the stream.
  ///   The stream is aborted then.
  package mutating func wait(for descriptor: FileDescriptor) throws(ShmError) {
    do throws(ShmError) {
      let clock = Deadline(after: options.stallTimeout)
      while !(try wait(descriptor.rawValue, until: clock).isReady) {
        if let limit = clock.passed { throw failure.stalled(limit, after: ring.position) }
      }
    } catch {
      throw aborting(because: error)
    }
  }
}
