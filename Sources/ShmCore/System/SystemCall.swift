import Glibc
package import SystemPackage

/// The return conventions of libc and CShm, one helper each.
///
/// A call that a signal interrupts (`EINTR`) is repeated on purpose, because no caller of this library treats an
/// interruption as a result. `close` is the exception and does not use these helpers.
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

  /// `-errno`, as all functions of CShm return it.
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

/// Counts the interruptions of one call. More interruptions than signals can plausibly cause mean that a sandbox makes
/// the call fail with EINTR. Such a call must not be repeated endlessly.
struct Interruptions {
  /// More interruptions than this in this time are not caused by signals.
  private static let limit = (count: 1000, nanoseconds: 500_000_000)

  private var count = 0
  private var since = 0

  /// Throws unless the error is an interruption after which the call can be repeated.
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
