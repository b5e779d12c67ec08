import CShm
import Glibc
package import SystemPackage

/// Reading and writing descriptors that belong to the caller: standard streams, pipes, files. One
/// that does not block is waited for.
package enum DescriptorIO {
  /// Reads the available bytes; 0 at the end. read(2), poll(2)
  package static func read(
    _ raw: CInt, into buffer: UnsafeMutableRawBufferPointer, _ attempt: String
  ) throws(ShmError) -> Int {
    try waitWhereSignalsAreHeld(raw, attempt)
    return try unsafe readReady(raw, into: buffer, attempt)
  }

  /// Reads bytes of a regular file at an offset; 0 at the end. pread(2)
  package static func read(
    _ raw: CInt, into buffer: UnsafeMutableRawBufferPointer, at offset: Int, _ attempt: String
  ) throws(ShmError) -> Int {
    do throws(Errno) {
      return try unsafe OwnedDescriptor.read(raw, into: buffer, at: offset)
    } catch {
      throw explain(error, attempt)
    }
  }

  /// Reads without a check for blocked signals, for callers that have waited already or never wait.
  package static func readReady(
    _ raw: CInt, into buffer: UnsafeMutableRawBufferPointer, _ attempt: String
  ) throws(ShmError) -> Int {
    do throws(Errno) {
      while true {
        do throws(Errno) {
          return try unsafe OwnedDescriptor.read(raw, into: buffer)
        } catch .resourceTemporarilyUnavailable {
          try wait(raw, POLLIN)
        }
      }
    } catch {
      throw explain(error, attempt)
    }
  }

  /// Writes all of `buffer`. write(2), poll(2)
  package static func writeAll(
    _ raw: CInt, _ buffer: UnsafeRawBufferPointer, _ attempt: String
  ) throws(ShmError) {
    do throws(Errno) {
      var done = 0
      while done < buffer.count {
        do throws(Errno) {
          done += try unsafe OwnedDescriptor.write(
            raw, from: UnsafeRawBufferPointer(rebasing: buffer[done...]))
        } catch .resourceTemporarilyUnavailable {
          try wait(raw, POLLOUT)
        }
      }
    } catch {
      throw explain(error, attempt)
    }
  }

  /// Writes some of `buffer`, one byte at least. write(2), poll(2)
  package static func write(
    _ raw: CInt, _ buffer: UnsafeRawBufferPointer, _ attempt: String
  ) throws(ShmError) -> Int {
    do throws(Errno) {
      while true {
        do throws(Errno) {
          return try unsafe OwnedDescriptor.write(raw, from: buffer)
        } catch .resourceTemporarilyUnavailable {
          try wait(raw, POLLOUT)
        }
      }
    } catch {
      throw explain(error, attempt)
    }
  }

  /// Throws if a descriptor is closed. Call it early: a file that is opened later would get the number of the closed
  /// descriptor.
  package static func checkOpen(_ raw: CInt, _ attempt: String) throws(ShmError) {
    guard !OwnedDescriptor.isOpen(raw) else { return }
    throw ShmError(.inputOutput, attempt, "it is closed", errorNumber: EBADF)
  }

  /// Throws if a descriptor is not open for writing. fcntl(2), F_GETFL
  package static func checkWritable(_ raw: CInt, _ attempt: String) throws(ShmError) {
    let flags = cshm_fcntl(raw, F_GETFL, 0)
    guard flags < 0 || flags & cshm_O_PATH != 0 || flags & O_ACCMODE == O_RDONLY else { return }
    throw ShmError(
      .inputOutput, attempt, "the descriptor is closed or not open for writing", errorNumber: EBADF)
  }

  /// Whether a descriptor accepts output now. A full pipe or a stopped terminal must not block a process that handles
  /// blocked signals itself. poll(2)
  ///
  /// - Parameters:
  ///   - raw: the descriptor.
  ///   - waits: whether to wait for it, if signals are blocked, until a signal is pending.
  /// - Returns: whether it accepts output; true if signals are not blocked, because they interrupt a write.
  package static func acceptsOutput(_ raw: CInt, waits: Bool) -> Bool {
    guard SignalMask.holdsTermination else { return true }
    while true {
      // An error is left to the write that follows.
      guard
        (try? Waiter.isReady(raw, for: POLLOUT, timeout: waits ? signalInterval : .zero)) == false
      else { return true }
      if !waits || SignalMask.isTerminationPending { return false }
    }
  }

  /// Waits until the descriptor is readable. Throws if a blocked signal becomes pending.
  package static func waitForInput(_ raw: CInt, _ attempt: String) throws(ShmError) {
    while true {
      try SignalMask.checkPending(attempt)
      // An error is left to the read that follows.
      guard (try? Waiter.isReady(raw, timeout: signalInterval)) == false else { return }
    }
  }

  /// The time between two checks for a pending signal during a wait.
  private static let signalInterval = Duration.milliseconds(100)

  /// A blocked signal would not interrupt a waiting read.
  private static func waitWhereSignalsAreHeld(_ raw: CInt, _ attempt: String) throws(ShmError) {
    if SignalMask.holdsTermination { try waitForInput(raw, attempt) }
  }

  private static func wait(_ raw: CInt, _ events: CInt) throws(Errno) {
    _ = try Waiter.isReady(raw, for: events, timeout: nil)
  }

  /// The descriptors belong to the user, who may have closed them (`>&-`).
  package static func explain(_ error: Errno, _ attempt: String) -> ShmError {
    switch error {
    case .badFileDescriptor:
      ShmError(
        .inputOutput, attempt, "it is closed or not open for this operation",
        errorNumber: error.rawValue)
    case .noSpace:
      ShmError(.inputOutput, attempt, "no space left for the output", errorNumber: error.rawValue)
    case .isDirectory:
      ShmError(.incompatible, attempt, "it is a directory", errorNumber: error.rawValue)
    default:
      ShmError(.inputOutput, attempt, error.reason, errorNumber: error.rawValue)
    }
  }
}
