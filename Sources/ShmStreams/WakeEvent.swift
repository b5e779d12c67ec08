import CShm
import Glibc
import ShmCore
import Synchronization
import SystemPackage

/// Something that one process rings and another waits for. eventfd(2)
///
/// Both have it open as one: what the other does to its number and its flags is so for this process, too.
/// Silencing never waits. Ringing one that the other has filled and lets wait does not either, as long as
/// it was so at one of the looks; who does it between two of them stops this process as by SIGSTOP, which
/// only the same user can. There is no write to an event that could be asked not to wait.
struct WakeEvent: ~Copyable, Sendable {
  /// So many rings go between two looks at the flags: a look takes nearly as long as ringing.
  private static let unseen = 64

  let descriptor: OwnedDescriptor
  private let rings = Atomic<Int>(0)
  /// Whether a look has found that writing to it may wait.
  private let mayWait = Atomic<Bool>(false)

  /// A new one, silent.
  init() throws(Errno) {
    descriptor = OwnedDescriptor(adopting: try SystemCall.checkNegated { cshm_eventfd() })
  }

  /// One that was received; nil for a file, a pipe or a socket, which are none, and for one that can be
  /// neither read nor written. O_PATH of open(2)
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

  /// Makes it silent again. Where that fails it goes on ringing, which is heard again.
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
  private var hasRoom: Bool {
    var entry = pollfd(fd: descriptor.raw, events: Int16(POLLOUT), revents: 0)
    return unsafe poll(&entry, 1, 0) > 0
  }
}
