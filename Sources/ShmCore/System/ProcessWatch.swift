import CShm
import Glibc
import SystemPackage

/// One process, whose number cannot be taken by another while this is held. pidfd_open(2)
package struct ProcessWatch: ~Copyable {
  /// The process.
  package let process: Int32
  /// Readable when it has ended.
  package let ended: OwnedDescriptor

  /// Watches a process that runs now.
  package init(_ process: Int32) throws(ShmError) {
    let attempt = "cannot watch process \(process)"
    let explain = { (error: Errno) in
      error == .noSuchFileOrDirectory
        ? ShmError(
          .notFound, attempt, "it is the number of a thread, not of a process",
          errorNumber: error.rawValue)
        : error == .noSuchProcess || error == .invalidArgument
          ? ShmError(.notFound, attempt, "there is no such process", errorNumber: error.rawValue)
          : ShmError(attempt, error)
    }
    let descriptor = try ShmError.explaining(explain) { () throws(Errno) in
      OwnedDescriptor(adopting: try SystemCall.checkNegated { cshm_pidfd_open(process) })
    }
    self.process = process
    ended = descriptor
  }

  /// Sends it a signal: it, and no other that has got its number. pidfd_send_signal(2)
  package func send(_ signal: CInt) throws(ShmError) {
    _ = try ShmError.saying("cannot signal process \(process)") { () throws(Errno) in
      try SystemCall.checkNegated { cshm_pidfd_send_signal(ended.raw, signal) }
    }
  }

  /// Whether it has ended. poll(2)
  package var hasEnded: Bool {
    var entry = pollfd(fd: ended.raw, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&entry, 1, 0) > 0
  }

  /// Waits for its end. poll(2)
  ///
  /// - Returns: whether it has ended in that time.
  package func waitForEnd(milliseconds: Int) throws(ShmError) -> Bool {
    try ShmError.saying("cannot watch process \(process)") { () throws(Errno) in
      try Polling.wait(for: [ended.raw], milliseconds: milliseconds).contains(true)
    }
  }
}
