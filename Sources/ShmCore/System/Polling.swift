import Glibc
package import SystemPackage

/// Waiting for several things at once. poll(2)
package enum Polling {
  /// A descriptor and the events to wait for: `POLLIN`, `POLLOUT`, or 0 for its closing only.
  package struct Interest {
    package var descriptor: CInt
    package var events: CInt

    package init(descriptor: CInt, events: CInt = POLLIN) {
      self.descriptor = descriptor
      self.events = events
    }
  }

  /// Waits until one of the descriptors is readable or has an error.
  ///
  /// - Parameters:
  ///   - descriptors: the descriptors to wait for.
  ///   - timeout: the longest wait; nil for no limit.
  /// - Returns: whether each descriptor is ready, in the given order; all false after the time limit.
  /// - Throws: `Errno` if the kernel has no memory.
  package static func wait(
    for descriptors: [CInt], timeout: Duration?
  ) throws(Errno) -> [Bool] {
    try wait(for: descriptors.map { Interest(descriptor: $0) }, timeout: timeout)
  }

  /// The same for more than reading. An error or the end of a descriptor always counts.
  package static func wait(
    for interests: [Interest], timeout: Duration?
  ) throws(Errno) -> [Bool] {
    var set = PollSet()
    for interest in interests { set.add(interest.descriptor, interest.events) }
    try set.wait(timeout: timeout)
    return interests.indices.map { set.isReady($0) }
  }

  /// Calls poll(2), or its like, until something is ready or the time has passed: interruptions, and how
  /// long one call can wait at most, are not the caller's.
  ///
  /// - Parameters:
  ///   - timeout: the longest wait; nil for no limit.
  ///   - call: waits as many milliseconds, -1 for no limit; returns how many are ready, or `-errno`.
  /// - Returns: the number of ready descriptors; 0 after the time limit.
  /// - Throws: `Errno` if the call fails.
  @discardableResult
  static func untilReady(timeout: Duration?, _ call: (CInt) -> CInt) throws(Errno) -> Int {
    let deadline = Deadline(after: timeout)
    var interruptions = Interruptions()
    while true {
      let left = deadline.left?.wholeMilliseconds
      let count = call(CInt(clamping: left ?? -1))
      if count > 0 || (count == 0 && left.map { $0 <= CInt.max } == true) { return Int(count) }
      if count < 0 { try interruptions.check(-count) }
    }
  }
}
