import Glibc
package import SystemPackage

/// Waiting for several things at once. poll(2)
package enum Polling {
  /// One descriptor, and what is waited for there: `POLLIN`, `POLLOUT`, or 0 for its end only.
  package struct Interest {
    package var descriptor: CInt
    package var events: CInt = POLLIN
  }

  /// Waits until one of the descriptors is readable or has an error.
  ///
  /// - Parameters:
  ///   - descriptors: what is waited for.
  ///   - milliseconds: at most; nil for as long as it takes.
  /// - Returns: which are ready, in the order given; none where the time has passed.
  /// - Throws: `Errno`, where the kernel has no memory.
  package static func wait(
    for descriptors: [CInt], milliseconds: Int?
  ) throws(Errno) -> [Bool] {
    try wait(for: descriptors.map { Interest(descriptor: $0) }, milliseconds: milliseconds)
  }

  /// The same for more than reading. An error or the end of a descriptor always counts.
  package static func wait(
    for interests: [Interest], milliseconds: Int?
  ) throws(Errno) -> [Bool] {
    var entries = interests.map {
      pollfd(fd: $0.descriptor, events: Int16($0.events), revents: 0)
    }
    let deadline = milliseconds.map { Clock.nanoseconds + $0 * 1_000_000 }
    while true {
      let left = deadline.map { max(0, ($0 - Clock.nanoseconds + 999_999) / 1_000_000) }
      let count = unsafe poll(&entries, nfds_t(entries.count), CInt(clamping: left ?? -1))
      if count > 0 || (count == 0 && left.map { $0 <= CInt.max } == true) {
        return entries.map { $0.revents != 0 }
      }
      if count < 0, errno != EINTR { throw Errno(rawValue: errno) }
    }
  }
}
