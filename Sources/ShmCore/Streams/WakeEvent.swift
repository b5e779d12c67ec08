import CShm
import Glibc
import SystemPackage

/// Something that one process rings and another waits for. eventfd(2)
struct WakeEvent: ~Copyable, Sendable {
  let descriptor: OwnedDescriptor

  /// A new one, silent.
  init() throws(Errno) {
    descriptor = OwnedDescriptor(adopting: try SystemCall.checkNegated { cshm_eventfd() })
  }

  /// One that was received.
  init(adopting descriptor: consuming OwnedDescriptor) {
    self.descriptor = descriptor
  }

  /// Rings it. That it has been rung 2^64 times without being heard is no error; that an interruption
  /// has kept it silent would be a lost wake-up.
  func ring() {
    var one: UInt64 = 1
    repeat {
      let count = unsafe withUnsafeBytes(of: &one) {
        unsafe Glibc.write(descriptor.raw, $0.baseAddress, 8)
      }
      if count >= 0 { return }
    } while errno == EINTR
  }

  /// Makes it silent again. It never waits.
  func silence() {
    var number: UInt64 = 0
    repeat {
      let count = unsafe withUnsafeMutableBytes(of: &number) {
        unsafe Glibc.read(descriptor.raw, $0.baseAddress, 8)
      }
      if count >= 0 { return }
    } while errno == EINTR
  }
}
