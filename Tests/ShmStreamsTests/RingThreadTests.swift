import CShm
import Glibc
import ShmTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import ShmCore
@testable import ShmStreams

/// Meant for ThreadSanitizer, too: `swift test --sanitize=thread --filter RingThreadTests`. Each byte is
/// stored and loaded by this code itself: into what the standard library does it does not look.
@Suite("Both ends of a ring as threads over one mapping")
struct RingThreadTests {
  private static let capacity = 64 << 10
  private static let total: UInt64 = 2 << 20

  /// What stands at a position: it repeats after 251, so that a piece of the ring is never its neighbour.
  private static func byte(_ position: UInt64) -> UInt8 { UInt8(position % 251) }

  private static let noMemory = ShmError(.defect, "cannot try a ring", "it has no memory")

  @Test(
    "every byte is transferred in order, and no wake-up is lost", arguments: [1, 3],
    [StreamWaiting.sleeping, .adaptive])
  func bytes(_ receivers: Int, _ waiting: StreamWaiting) throws {
    let memory = try RingMemory.create(capacity: Self.capacity, receivers: receivers)
    let data = try (0..<receivers).map { _ in SharedEvent(try WakeEvent()) }
    let space = SharedEvent(try WakeEvent())
    var options = StreamOptions()
    options.waiting = waiting
    let failures = Mutex<[String]>([])
    let next = Atomic<Int>(0)
    let memories = try (0...receivers).map { _ in MemoryBox(try RingMemory(aliasing: memory)) }
    Threads.run(receivers + 1) {
      let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
      do {
        guard let memory = memories[index].take() else { return }
        if index == 0 {
          try Self.write(
            RingWriter(memory, receivers: receivers, windowLimit: 0), data, space, options)
        } else {
          try Self.read(RingReader(memory, index: index - 1), data[index - 1], space, options)
        }
      } catch {
        failures.withLock { $0.append("\(index): \(error)") }
      }
    } whileWaiting: {
    }
    #expect(failures.withLock { $0 } == [])
    withExtendedLifetime(memory) {}
  }

  private static func write(
    _ ring: consuming RingWriter, _ data: [SharedEvent], _ space: SharedEvent,
    _ options: StreamOptions
  ) throws {
    var spin = SpinWait(options, peers: [])
    while ring.position < total {
      spin.restart()
      var room = try ring.room()
      while room == 0, spin.goesOn() { room = try ring.room() }
      if room == 0 {
        if try ring.roomBeforeWaiting(wanted: 1) == 0 { try space.wait() }
        ring.stopWaiting()
        continue
      }
      let count = Int(min(UInt64(room), total - ring.position, 5000))
      guard let start = unsafe ring.writableBytes(count).baseAddress else { throw Self.noMemory }
      let place = unsafe start.assumingMemoryBound(to: UInt8.self)
      for index in 0..<count { unsafe place[index] = byte(ring.position &+ UInt64(index)) }
      ring.append(count)
      let woken = ring.publish()
      for index in data.indices where woken & 1 << index != 0 { data[index].event.ring() }
    }
  }

  private static func read(
    _ ring: consuming RingReader, _ data: SharedEvent, _ space: SharedEvent,
    _ options: StreamOptions
  ) throws {
    var spin = SpinWait(options, peers: [])
    while ring.position < total {
      spin.restart()
      var there = try ring.available()
      while there == 0, spin.goesOn() { there = try ring.available() }
      if there == 0 {
        if try ring.availableBeforeWaiting(wanted: 1) == 0 { try data.wait() }
        ring.stopWaiting()
        continue
      }
      let count = min(there, 7000)
      guard let start = unsafe ring.bytes(count).baseAddress else { throw Self.noMemory }
      let place = unsafe start.assumingMemoryBound(to: UInt8.self)
      for index in 0..<count {
        guard unsafe place[index] == byte(ring.position &+ UInt64(index)) else {
          throw ShmError(.damaged, "cannot read", "another byte stands behind \(ring.position)")
        }
      }
      if ring.release(count) { space.event.ring() }
    }
  }

  /// An event that several threads have.
  private final class SharedEvent: Sendable {
    let event: WakeEvent

    init(_ event: consuming WakeEvent) { self.event = event }

    /// Waits until it is rung; a wake-up that is lost shows as an error.
    func wait() throws {
      guard try Waiter.wait(for: [event.descriptor.raw], timeout: .milliseconds(20_000)) == [true]
      else {
        throw ShmError(.timedOut, "cannot wait", "nobody has rung for 20 seconds")
      }
      event.silence()
    }
  }

  /// Hands a ring's memory over to a thread, once.
  private final class MemoryBox: Sendable {
    private let memory: Mutex<RingMemory?>

    init(_ memory: consuming RingMemory) { self.memory = Mutex(.some(memory)) }

    func take() -> RingMemory? { memory.withLock { $0.take() } }
  }
}
