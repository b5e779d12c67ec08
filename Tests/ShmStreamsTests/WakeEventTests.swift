import CShm
import Glibc
import Testing

@testable import ShmCore
@testable import ShmStreams

@Suite("The event of a stream")
struct WakeEventTests {
  /// What the other end may do to what both have open as one.
  private func letWait(_ event: borrowing WakeEvent) {
    _ = cshm_fcntl(event.descriptor.raw, F_SETFL, 0)
  }

  private func isRinging(_ event: borrowing WakeEvent) throws -> Bool {
    try Waiter.wait(for: [event.descriptor.raw], timeout: .zero)[0]
  }

  @Test(
    "an event stays signalled until it is reset, with any descriptor flags",
    arguments: [false, true])
  func rings(waits: Bool) throws {
    let event = try WakeEvent()
    if waits { letWait(event) }
    #expect(try !isRinging(event))
    for _ in 0..<3 { event.ring() }
    #expect(try isRinging(event))
    event.silence()
    #expect(try !isRinging(event))
  }

  @Test(
    "ringing or resetting never blocks, even if the event is full or already silent",
    .timeLimit(.minutes(1)),
    arguments: [false, true])
  func neverWaits(waits: Bool) throws {
    let event = try WakeEvent()
    if waits { letWait(event) }
    var most = UInt64.max - 1
    #expect(unsafe write(event.descriptor.raw, &most, 8) == 8)
    event.ring()
    #expect(try isRinging(event))
    event.silence()
    event.silence()
    #expect(try !isRinging(event))
  }

  @Test("a descriptor of a file, pipe or socket is refused as an event")
  func adopted() throws {
    func isEvent(_ raw: CInt) -> Bool {
      if WakeEvent(adopting: OwnedDescriptor(adopting: raw)) != nil { true } else { false }
    }
    #expect(isEvent(cshm_eventfd()))
    for path in ["/dev/zero", "/dev/shm", "/proc/self/status"] {
      #expect(unsafe !isEvent(open(path, O_RDONLY)), "\(path)")
    }
    var ends: [CInt] = [0, 0]
    #expect(unsafe pipe(&ends) == 0)
    for end in ends { #expect(!isEvent(end)) }
  }
}
