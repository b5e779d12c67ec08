import CShm
import Glibc
package import SystemPackage

/// An open file descriptor with one owner, closed when the owner ends.
package struct OwnedDescriptor: ~Copyable, Sendable {
  package let raw: CInt

  /// Takes ownership of `raw`, which must be open and have no other owner.
  package init(adopting raw: CInt) {
    self.raw = raw
  }

  deinit {
    _ = Glibc.close(raw)
  }

  /// Closes and reports errors of close(2): for a file, the last report of a lost write.
  package consuming func close() throws(Errno) {
    let raw = self.raw
    discard self
    // Not retried: on Linux the descriptor is gone whatever the answer.
    if Glibc.close(raw) != 0 {
      let error = Errno(rawValue: errno)
      if error != .interrupted { throw error }
    }
  }

  /// Whether `raw` is open in this process. fcntl(2), `F_GETFD`
  package static func isOpen(_ raw: CInt) -> Bool {
    cshm_fcntl(raw, F_GETFD, 0) >= 0
  }
}
