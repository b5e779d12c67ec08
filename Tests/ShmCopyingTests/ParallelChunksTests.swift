import CShm
import Glibc
import ShmTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import ShmCore
@testable import ShmCopying

@Suite("Chunks for threads")
struct ParallelChunksTests {
  @Test(
    "the chunks cover each byte of the range once, with any number of threads",
    arguments: [1, 2, 7],
    [0..<1, 0..<64, 63..<65, 1..<1000, 64..<128, 100..<101])
  func cover(_ threads: Int, _ range: Range<Int>) throws {
    let seen = Mutex<[Range<Int>]>([])
    var last = 0
    try ParallelChunks.run(range, size: 64, threads: threads, progress: { last = $0 }) {
      (chunks) throws(ShmError) in
      try chunks.forEach("cannot test") { chunk in seen.withLock { $0.append(chunk) } }
    }
    let chunks = seen.withLock { $0 }.sorted { $0.lowerBound < $1.lowerBound }
    #expect(chunks.first?.lowerBound == range.lowerBound)
    #expect(chunks.last?.upperBound == range.upperBound)
    for (left, right) in zip(chunks, chunks.dropFirst()) {
      #expect(left.upperBound == right.lowerBound)
      #expect(right.lowerBound % 64 == 0)
    }
    #expect(last == range.count)
  }

  @Test(
    "after a failure the number of completed bytes is reported, with any number of threads",
    arguments: [1, 3, 8])
  func reached(_ threads: Int) {
    let done = Mutex<Set<Int>>([])
    var reached = -1
    let failure = error(.aborted) {
      try ParallelChunks.run(
        5..<64_000, size: 64, threads: threads, progress: { _ in }, failedAt: { reached = $0 }
      ) { (chunks) throws(ShmError) in
        try chunks.forEach("cannot test") { (chunk) throws(ShmError) in
          usleep(UInt32(chunk.lowerBound % 7 * 30))
          if chunk.lowerBound >= 6400 { throw ShmError(.aborted, "a", "\(chunk.lowerBound)") }
          _ = done.withLock { $0.insert(chunk.lowerBound) }
        }
      }
    }
    #expect(reached == 6400)
    #expect(failure?.reason == "6400")
    #expect(done.withLock { $0 } == Set([5] + stride(from: 64, to: 6400, by: 64)))
  }

  @Test("all threads stop at the first error, which is thrown after they have stopped")
  func errors() {
    let count = Atomic<Int>(0)
    error(.aborted) {
      try ParallelChunks.run(0..<64_000, size: 64, threads: 2, progress: { _ in }) {
        (chunks) throws(ShmError) in
        try chunks.forEach("cannot test") { (chunk) throws(ShmError) in
          count.wrappingAdd(1, ordering: .relaxed)
          throw ShmError(.aborted, "a", "\(chunk)")
        }
      }
    }
    #expect((1...2).contains(count.load(ordering: .relaxed)))
  }

  @Test(
    "threads without buffers leave their work to the others, and it is an error if none has buffers",
    arguments: [1, 2, 5], [0, 1, 4])
  func unprepared(_ threads: Int, _ prepared: Int) throws {
    let seen = Mutex<Set<Int>>([])
    let tries = Atomic(0)
    var reached = -1
    func run() throws(ShmError) {
      try ParallelChunks.run(
        5..<6400, size: 64, threads: threads, progress: { _ in }, failedAt: { reached = $0 }
      ) { (chunks) throws(ShmError) in
        let number = tries.wrappingAdd(1, ordering: .relaxed).oldValue
        let buffer = chunks.prepare { () throws(ShmError) in
          // The last threads have buffers.
          if number < threads - prepared { throw ShmError(.noSpace, "a", "b") }
          return number
        }
        guard buffer != nil else { return }
        try chunks.forEach("cannot test") { chunk in
          _ = seen.withLock { $0.insert(chunk.lowerBound) }
        }
      }
    }
    if prepared == 0 {
      error(.noSpace) { try run() }
      #expect(reached == 5)
      #expect(seen.withLock { $0.isEmpty })
    } else {
      try run()
      #expect(seen.withLock { $0.count } == 100)
    }
  }

  @Test("the threads' differences are added, and the lowest offset is reported as the first")
  func sum() {
    let sum = DifferenceSum()
    #expect(sum.total == nil)
    sum.add(Difference(first: 9, count: 2))
    sum.add(Difference(first: 4, count: 1))
    sum.add(Difference(first: 7, count: 5))
    #expect(sum.total == Difference(first: 4, count: 8))
  }

  @Test("all threads run concurrently, and are joined", arguments: [1, 2, 5])
  func threads(_ count: Int) {
    let running = Atomic<Int>(0)
    Threads.run(
      count,
      body: {
        running.wrappingAdd(1, ordering: .relaxed)
        // Ends only when all have come: so they run at once.
        while running.load(ordering: .relaxed) < count { usleep(100) }
      }, whileWaiting: {})
    #expect(running.load(ordering: .relaxed) == count)
  }
}
