import Synchronization

/// A range of a region that several threads work off in chunks.
///
/// Chunks begin on multiples of their size, so that no word lies across two of them.
final class ParallelChunks: Sendable {
  private let range: Range<Int>
  private let size: Int
  /// The start of the next chunk, not yet held within the range. Relaxed: it only counts; what
  /// the threads did is ordered by the join.
  private let next: Atomic<Int>
  /// The bytes that are done. Relaxed: it is for progress only.
  private let done = Atomic<Int>(0)
  /// The first error; whoever finds one stops the others.
  private let failure = Mutex<ShmError?>(nil)

  private init(_ range: Range<Int>, size: Int) {
    self.range = range
    self.size = size
    next = Atomic(PageMath.roundDown(range.lowerBound, to: size))
  }

  /// Runs `worker` on `threads` threads, this one among them, until every chunk is worked off.
  ///
  /// - Parameters:
  ///   - range: offsets, not empty.
  ///   - size: the size of a chunk, a power of two.
  ///   - threads: how many work at once.
  ///   - progress: called on this thread, with the bytes that all have done.
  ///   - worker: called once a thread; it takes its chunks from `forEach`.
  /// - Throws: the first error of any thread, when all have stopped.
  static func run(
    _ range: Range<Int>, size: Int = ScratchBuffer.defaultSize, threads: Int,
    progress: (Int) -> Void, worker: (ParallelChunks) throws(ShmError) -> Void
  ) throws(ShmError) {
    let chunks = ParallelChunks(range, size: size)
    let work = {
      do throws(ShmError) {
        try worker(chunks)
      } catch {
        chunks.failure.withLock { $0 = $0 ?? error }
        chunks.next.store(range.upperBound, ordering: .relaxed)
      }
    }
    let useful = min(max(1, threads), PageMath.pages(range.count, of: size))
    Threads.run(
      useful, body: work,
      whileWaiting: { progress(chunks.done.load(ordering: .relaxed)) })
    if let error = chunks.failure.withLock({ $0 }) { throw error }
    progress(range.count)
  }

  /// Calls `body` with one chunk after the other, as long as there are any.
  func forEach(
    _ attempt: String, _ body: (Range<Int>) throws(ShmError) -> Void
  ) throws(ShmError) {
    while true {
      try SignalMask.checkPending(attempt)
      let start = next.wrappingAdd(size, ordering: .relaxed).oldValue
      // Behind the last chunk of a range that ends near 2^63 the next start wraps.
      guard start >= 0, start < range.upperBound else { return }
      let chunk = start..<start + min(size, range.upperBound - start)
      try body(chunk.clamped(to: range))
      done.wrappingAdd(chunk.clamped(to: range).count, ordering: .relaxed)
    }
  }
}
