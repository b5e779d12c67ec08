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
    while true {
      let value = call()
      if value != -1 { return value }
      let error = Errno(rawValue: errno)
      if error != .interrupted { throw error }
    }
  }

  /// `-errno`: what every function of CShm returns.
  @discardableResult
  package static func checkNegated<Value: SignedInteger>(
    _ call: () -> Value
  ) throws(Errno) -> Value {
    while true {
      let value = call()
      if value >= 0 { return value }
      let error = Errno(rawValue: CInt(-value))
      if error != .interrupted { throw error }
    }
  }

  /// An error number that is returned: `posix_spawn`, `pthread_create`.
  package static func checkNumber(_ call: () -> CInt) throws(Errno) {
    while true {
      let number = call()
      if number == 0 { return }
      let error = Errno(rawValue: number)
      if error != .interrupted { throw error }
    }
  }

  /// `MAP_FAILED` and `errno`.
  package static func checkMapping(
    _ call: () -> UnsafeMutableRawPointer?
  ) throws(Errno) -> UnsafeMutableRawPointer {
    // MAP_FAILED is (void *)-1; a null pointer is address zero, which mmap gives nobody.
    guard let address = unsafe call(), UInt(bitPattern: address) != .max else {
      throw Errno(rawValue: errno)
    }
    return unsafe address
  }
}
