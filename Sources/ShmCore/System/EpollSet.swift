import CShm
package import SystemPackage

/// An event and some descriptors for repeated waits. They are registered with the kernel only once.
/// epoll(7)
package struct EpollSet: ~Copyable, Sendable {
  /// Readable if one of them is ready, so that it can be waited for like these.
  package let descriptor: OwnedDescriptor

  /// All of them must stay open as long as this value is used. epoll_create1(2), epoll_ctl(2)
  ///
  /// - Parameters:
  ///   - event: index 0. Each ring is reported once, so that the event need not be reset.
  ///   - readable: place 1 and so on, up to 31: ready as long as they can be read, or have ended.
  /// - Throws: `Errno`: at the limit on open files, if a sandbox refuses, or if one of them
  ///   cannot be waited for.
  package init(rung event: CInt, readable: [CInt]) throws(Errno) {
    let made = OwnedDescriptor(adopting: try SystemCall.checkNegated { cshm_epoll() })
    for (place, raw) in ([event] + readable).enumerated() {
      try SystemCall.checkNegated { cshm_epoll_add(made.raw, raw, CInt(place), place == 0 ? 1 : 0) }
    }
    descriptor = made
  }

  /// Waits until one is ready, or the time has passed. epoll_wait(2)
  ///
  /// - Parameter timeout: the longest wait; nil for no limit.
  /// - Returns: which places are ready, a bit for each.
  /// - Throws: `Errno` if the kernel has no memory.
  package func wait(timeout: Duration?) throws(Errno) -> UInt32 {
    var ready: CUnsignedInt = 0
    try Polling.untilReady(timeout: timeout) { left in
      unsafe cshm_epoll_wait(descriptor.raw, left, &ready)
    }
    return ready
  }
}
