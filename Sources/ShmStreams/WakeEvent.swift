import CShm
import Glibc
import ShmCore
import Synchronization
import SystemPackage

/// An event that one process rings and another process waits for. eventfd(2)
///
/// Both processes share one open file description, so the peer can change its counter and its flags. Resetting
/// never blocks. Ringing can block if the peer fills the counter and makes the event blocking. The flags are
/// checked regularly, but the peer can change them between two checks, and then blocks this process as with
/// SIGSTOP, which only the same user can do. eventfd(2) has no write with a non-blocking flag for one call.
struct WakeEvent: ~Copyable, Sendable {
  /// The number of rings between two checks of the flags. A check takes nearly as long as a ring.
  private static let unseen = 64

  let descriptor: OwnedDescriptor
  private let rings = Atomic<Int>(0)
  /// Whether a check found that a write can block.
  private let mayWait = Atomic<Bool>(false)

  /// Creates a new event that is not ringing.
  init() throws(Errno) {
    descriptor = OwnedDescriptor(adopting: try SystemCall.checkNegated { cshm_eventfd() })
  }

  /// Adopts a received event; nil if the descriptor is a file, a pipe or a socket, or if it cannot be read and
  /// written. O_PATH of open(2)
  init?(adopting descriptor: consuming OwnedDescriptor) {
    let flags = cshm_fcntl(descriptor.raw, F_GETFL, 0)
    guard DescriptorKind.isAnonymous(descriptor.raw), flags >= 0, flags & cshm_O_PATH == 0 else {
      return nil
    }
    self.descriptor = descriptor
  }

  /// Rings it. That it has been rung 2^64 times without being heard is no error; that an interruption
  /// has kept it silent would be a lost wake-up.
  func ring() {
    if rings.wrappingAdd(1, ordering: .relaxed).oldValue % Self.unseen == 0, letsWait {
      mayWait.store(true, ordering: .relaxed)
    }
    if mayWait.load(ordering: .relaxed), !hasRoom { return }
    var one: UInt64 = 1
    repeat {
      let count = unsafe withUnsafeBytes(of: &one) {
        unsafe Glibc.write(descriptor.raw, $0.baseAddress, 8)
      }
      if count >= 0 { return }
    } while errno == EINTR
  }

  /// Resets the event. If that fails, it keeps ringing, and the next wait returns at once.
  func silence() {
    var number: UInt64 = 0
    unsafe withUnsafeMutableBytes(of: &number) {
      let count = unsafe cshm_read_now(descriptor.raw, $0.baseAddress, 8)
      // An old kernel cannot promise it of an event, and a sandbox may refuse the call by any number.
      if count < 0, ![EAGAIN, EINTR].contains(CInt(-count)) {
        unsafe Glibc.read(descriptor.raw, $0.baseAddress, 8)
      }
    }
  }

  private var letsWait: Bool { cshm_fcntl(descriptor.raw, F_GETFL, 0) & O_NONBLOCK == 0 }

  /// Whether it can be rung without waiting. poll(2)
  private var hasRoom: Bool { (try? Waiter.isReady(descriptor.raw, for: POLLOUT)) == true }
}
