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
    var set = PollSet()
    for interest in interests { set.add(interest.descriptor, interest.events) }
    try set.wait(milliseconds: milliseconds)
    return interests.indices.map { set.isReady($0) }
  }
}
