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

  /// Rings it. That it has been rung 2^64 times without being heard is no error.
  func ring() {
    var one: UInt64 = 1
    _ = unsafe withUnsafeBytes(of: &one) { unsafe Glibc.write(descriptor.raw, $0.baseAddress, 8) }
  }

  /// Makes it silent again. It never waits.
  func silence() {
    var count: UInt64 = 0
    _ = unsafe withUnsafeMutableBytes(of: &count) {
      unsafe Glibc.read(descriptor.raw, $0.baseAddress, 8)
    }
  }
}
