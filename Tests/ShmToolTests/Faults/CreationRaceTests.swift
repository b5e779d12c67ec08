import Glibc
import ShmCopying
import ShmCore
import ShmTestSupport
import Synchronization
import Testing

@Suite("two creators of one name", .serialized)
struct CreationRaceTests {
  @Test("of two concurrent creations one succeeds and is complete, a thousand times")
  func library() async throws {
    let name = TestName()
    let reference = try name.reference
    let rounds = 1000
    // Which of the two has made it, and what else happened, round by round.
    let won = Mutex<[[Int]]>(Array(repeating: [], count: rounds))
    let others = Mutex<[String]>([])
    // The two wait for each other without using up the processor that the other needs.
    let meeting = UnsafeMutablePointer<pthread_barrier_t>.allocate(capacity: 1)
    unsafe pthread_barrier_init(meeting, nil, 2)
    defer {
      unsafe pthread_barrier_destroy(meeting)
      unsafe meeting.deallocate()
    }
    // Relaxed, because it only distinguishes the two.
    let number = Atomic<Int>(0)
    Threads.run(
      2,
      body: {
        let mine = number.wrappingAdd(1, ordering: .relaxed).oldValue
        for round in 0..<rounds {
          unsafe pthread_barrier_wait(meeting)
          do throws(ShmError) {
            let size = 4096 * (mine + 1)
            let region = try Region.create(reference, size: size, progress: { _ in }) {
              (region) throws(ShmError) in
              try region.fill(.byte(UInt8(mine + 1)))
            }
            won.withLock { $0[round].append(mine) }
            let opened = try Region.open(reference)
            let status = try opened.status()
            let identity = try region.status().identity
            let difference = try opened.verify(.byte(UInt8(mine + 1)))
            if status.identity != identity || status.size != size || difference != nil {
              others.withLock { $0.append("round \(round): the winner's is not whole") }
            }
          } catch {
            if error.kind != .exists { others.withLock { $0.append("round \(round): \(error)") } }
          }
          unsafe pthread_barrier_wait(meeting)
          if won.withLock({ $0[round].first }) == mine { _ = unsafe unlink(name.path) }
        }
      }, whileWaiting: {})
    let counts = won.withLock { $0.map(\.count) }
    #expect(counts.allSatisfy { $0 == 1 })
    #expect(others.withLock { $0 } == [])
    withExtendedLifetime(name) {}
  }

  @Test(
    "of two processes with inputs the region has the complete input of one"
  )
  func processes() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
