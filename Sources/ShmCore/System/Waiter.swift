import CShm
import Glibc
package import SystemPackage

/// Waits for events of file descriptors. Every wait of this package for a descriptor goes through this type.
///
/// A value keeps its descriptors from one wait to the next, so that a repeated wait allocates no memory. An
/// interruption by a signal (`EINTR`) does not end a wait. `POLLERR` and `POLLHUP` always count as ready. poll(2),
/// epoll(7)
package struct Waiter: ~Copyable, Sendable {
  /// A descriptor and the events to wait for.
  package struct Interest: Sendable {
    /// The descriptor; poll(2) ignores a negative one.
    package var descriptor: CInt
    /// `POLLIN`, `POLLOUT`, or 0 to wait only for an error or a hang-up.
    package var events: CInt

    package init(descriptor: CInt, events: CInt = POLLIN) {
      self.descriptor = descriptor
      self.events = events
    }
  }

  /// The descriptors in the order of their addition, each with the events of the last wait.
  private var entries: [pollfd] = []
  /// The epoll instance that the descriptors are registered with; nil if each wait passes them to poll(2).
  private let epoll: OwnedDescriptor?

  /// Makes a waiter without descriptors. Each wait passes its descriptors to poll(2).
  package init() { epoll = nil }

  /// Makes a waiter that registers its descriptors with the kernel once, for many waits. The descriptors must stay
  /// open as long as this value is used. epoll_create1(2), epoll_ctl(2)
  ///
  /// - Parameters:
  ///   - event: index 0, an event that is reported once for each signal, so that it need not be reset. `EPOLLET`
  ///   - readable: index 1 and so on, up to 31. Each is ready as long as it can be read.
  /// - Throws: `Errno`: EMFILE at the limit on open files, EPERM if a sandbox refuses the call or a descriptor does not
  ///   support epoll.
  package init(rung event: CInt, readable: [CInt]) throws(Errno) {
    let made = OwnedDescriptor(adopting: try SystemCall.checkNegated { cshm_epoll() })
    for (index, raw) in ([event] + readable).enumerated() {
      try SystemCall.checkNegated { cshm_epoll_add(made.raw, raw, CInt(index), index == 0 ? 1 : 0) }
      entries.append(pollfd(fd: raw, events: Int16(POLLIN), revents: 0))
    }
    epoll = consume made
  }

  /// The epoll instance, which is readable while one of the registered descriptors is ready; nil for a waiter that uses
  /// poll(2).
  package var descriptor: CInt? {
    switch epoll {
    case .some(let descriptor): descriptor.raw
    case nil: nil
    }
  }

  /// Removes all descriptors of a waiter that uses poll(2), and keeps its memory.
  package mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

  /// Adds a descriptor to a waiter that uses poll(2).
  package mutating func add(_ descriptor: CInt, _ events: CInt = POLLIN) {
    entries.append(pollfd(fd: descriptor, events: Int16(events), revents: 0))
  }

  /// The number of descriptors.
  package var count: Int { entries.count }

  /// Whether the descriptor at this index was ready at the end of the last wait.
  package func isReady(_ index: Int) -> Bool { entries[index].revents != 0 }

  /// Waits until a descriptor is ready, or the time has passed.
  ///
  /// - Parameter timeout: the longest wait; nil for no limit.
  /// - Throws: `Errno` if the kernel has no memory or refuses the call.
  package mutating func wait(timeout: Duration?) throws(Errno) {
    guard let registered = descriptor else {
      try Self.untilReady(timeout: timeout) { left in
        let count = unsafe poll(&entries, nfds_t(entries.count), left)
        return count < 0 ? -errno : count
      }
      return
    }
    var ready: CUnsignedInt = 0
    try Self.untilReady(timeout: timeout) { left in
      unsafe cshm_epoll_wait(registered, left, &ready)
    }
    for index in entries.indices { entries[index].revents = ready & 1 << index != 0 ? 1 : 0 }
  }
}

extension Waiter {
  /// Waits until one of the descriptors is readable.
  ///
  /// - Parameters:
  ///   - descriptors: the descriptors to wait for; without any, the wait is a pause.
  ///   - timeout: the longest wait; nil for no limit.
  /// - Returns: whether each descriptor is ready, in the given order; all false after the time limit.
  /// - Throws: `Errno` if the kernel has no memory or refuses the call.
  package static func wait(for descriptors: [CInt], timeout: Duration?) throws(Errno) -> [Bool] {
    try wait(for: descriptors.map { Interest(descriptor: $0) }, timeout: timeout)
  }

  /// Waits until one of the descriptors has an event that is requested for it.
  package static func wait(for interests: [Interest], timeout: Duration?) throws(Errno) -> [Bool] {
    var waiter = Waiter()
    for interest in interests { waiter.add(interest.descriptor, interest.events) }
    try waiter.wait(timeout: timeout)
    return interests.indices.map { waiter.isReady($0) }
  }

  /// Waits for one descriptor, and allocates no memory.
  ///
  /// - Parameters:
  ///   - descriptor: the descriptor to wait for.
  ///   - events: `POLLIN` or `POLLOUT`.
  ///   - timeout: the longest wait; nil for no limit.
  /// - Returns: whether the descriptor is ready; false after the time limit.
  /// - Throws: `Errno` if the kernel has no memory or refuses the call.
  package static func isReady(
    _ descriptor: CInt, for events: CInt = POLLIN, timeout: Duration? = .zero
  ) throws(Errno) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
    return try untilReady(timeout: timeout) { left in
      let count = unsafe poll(&entry, 1, left)
      return count < 0 ? -errno : count
    }
  }

  /// Waits without a descriptor for the whole time. clock_nanosleep(2)
  package static func pause(_ duration: Duration) {
    let (end, overflow) = Clock.nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
    let nanoseconds = overflow ? Int.max : end
    var time = timespec(
      tv_sec: nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000)
    _ = try? SystemCall.checkNumber {
      unsafe clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil)
    }
  }

  /// Calls poll(2) or epoll_wait(2) until a descriptor is ready or the time has passed. One call can wait for 24 days
  /// at most, and a signal interrupts it.
  ///
  /// - Parameters:
  ///   - timeout: the longest wait; nil for no limit.
  ///   - call: waits for this number of milliseconds, -1 for no limit; returns the number of ready descriptors, or
  ///     `-errno`.
  /// - Returns: whether a descriptor is ready; false after the time limit.
  /// - Throws: `Errno` if the call fails.
  @discardableResult
  static func untilReady(timeout: Duration?, _ call: (CInt) -> CInt) throws(Errno) -> Bool {
    let deadline = Deadline(after: timeout)
    var interruptions = Interruptions()
    while true {
      let left = deadline.left?.wholeMilliseconds
      let count = call(CInt(clamping: left ?? -1))
      if count > 0 { return true }
      if count == 0, let left, left <= CInt.max { return false }
      if count < 0 { try interruptions.check(-count) }
    }
  }
}
