import Glibc
package import SystemPackage

/// Several descriptors that are waited for at once. Kept from one wait to the next it takes no memory.
/// poll(2)
package struct PollSet: Sendable {
  private var entries: [pollfd] = []

  package init() {}

  /// Empties it.
  package mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

  /// Adds a descriptor and the events to wait for: `POLLIN`, `POLLOUT`, or 0 for its closing only. An error or the closing
  /// is always reported.
  package mutating func add(_ descriptor: CInt, _ events: CInt = POLLIN) {
    entries.append(pollfd(fd: descriptor, events: Int16(events), revents: 0))
  }

  /// Whether the descriptor that was added at that place, from 0 on, was ready at the last wait.
  package func isReady(_ place: Int) -> Bool { entries[place].revents != 0 }

  /// How many there are.
  package var count: Int { entries.count }

  /// Waits until one is ready, or the time has passed.
  ///
  /// - Parameter timeout: the longest wait; nil for no limit.
  /// - Throws: `Errno` if the kernel has no memory.
  package mutating func wait(timeout: Duration?) throws(Errno) {
    try Polling.untilReady(timeout: timeout) { left in
      let count = unsafe poll(&entries, nfds_t(entries.count), left)
      return count < 0 ? -errno : count
    }
  }
}
