import Glibc
package import SystemPackage

/// The return conventions of libc and CShm, one helper each.
///
/// A call interrupted by a signal (`EINTR`) is made again, on purpose: nothing in this library
/// means an interruption to be an answer. `close` is the exception and does not come through here.
package enum SystemCall {
  /// `-1` and `errno`.
  @discardableResult
  package static func check<Value: FixedWidthInteger>(
    _ call: () -> Value
  ) throws(Errno) -> Value {
    var interruptions = Interruptions()
    while true {
      let value = call()
      if value != -1 { return value }
      try interruptions.check(errno)
    }
  }

  /// `-errno`: what every function of CShm returns.
  @discardableResult
  package static func checkNegated<Value: SignedInteger>(
    _ call: () -> Value
  ) throws(Errno) -> Value {
    var interruptions = Interruptions()
    while true {
      let value = call()
      if value >= 0 { return value }
      try interruptions.check(CInt(-value))
    }
  }

  /// An error number that is returned: `pthread_create`.
  package static func checkNumber(_ call: () -> CInt) throws(Errno) {
    var interruptions = Interruptions()
    while true {
      let number = call()
      if number == 0 { return }
      try interruptions.check(number)
    }
  }

  /// `MAP_FAILED` and `errno`.
  package static func checkMapping(
    _ call: () -> UnsafeMutableRawPointer?
  ) throws(Errno) -> UnsafeMutableRawPointer {
    // MAP_FAILED is (void *)-1. A null pointer is address zero, which mmap never returns.
    guard let address = unsafe call(), UInt(bitPattern: address) != .max else {
      throw Errno(rawValue: errno)
    }
    return unsafe address
  }
}

/// How often one call was interrupted. A call that is interrupted faster than any timer sends signals
/// is refused in truth, as a sandbox may do it, and must not be repeated for ever.
struct Interruptions {
  /// So many interruptions in so many nanoseconds are no signals.
  private static let limit = (count: 1000, nanoseconds: 500_000_000)

  private var count = 0
  private var since = 0

  /// Throws any error but an interruption that is worth a repetition.
  mutating func check(_ number: CInt) throws(Errno) {
    guard number == EINTR else { throw Errno(rawValue: number) }
    if count % Self.limit.count == 0 {
      let now = Clock.nanoseconds
      if count > 0, now - since < Self.limit.nanoseconds { throw .interrupted }
      since = now
    }
    count += 1
  }
}
