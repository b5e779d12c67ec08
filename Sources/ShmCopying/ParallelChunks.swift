import ShmCore
import Synchronization

/// A range of a region that several threads work off in chunks.
///
/// Chunks begin on multiples of their size, so that no word lies across two of them.
final class ParallelChunks: Sendable {
  private let range: Range<Int>
  private let size: Int
  /// The start of the next chunk, which may be beyond the range. Relaxed, because it is only a counter; joining the
  /// threads orders their work.
  private let next: Atomic<Int>
  /// The bytes that are done. Relaxed: it is for progress only.
  private let done = Atomic<Int>(0)
  /// The error of the first failed chunk, and its start. A thread with an error stops the others. All bytes before that
  /// chunk are done, because chunks are taken in order and each taken chunk is finished.
  private let failure = Mutex<(start: Int, error: ShmError)?>(nil)

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
  ///   - threads: the number of threads.
  ///   - progress: called on this thread with the total bytes done.
  ///   - failedAt: called before an error is thrown, with the end of the bytes that are done without a gap.
  ///   - worker: called once in each thread; it takes its chunks from `forEach`.
  /// - Throws: the error of the first failed chunk, after all threads have stopped.
  static func run(
    _ range: Range<Int>, size: Int = ScratchBuffer.defaultSize, threads: Int,
    progress: (Int) -> Void, failedAt: (Int) -> Void = { _ in },
    worker: (ParallelChunks) throws(ShmError) -> Void
  ) throws(ShmError) {
    let chunks = ParallelChunks(range, size: size)
    let work = {
      do throws(ShmError) {
        try worker(chunks)
      } catch {
        chunks.fail(error)
      }
    }
    let useful = min(max(1, threads), PageMath.pages(range.count, of: size))
    Threads.run(
      useful, body: work,
      whileWaiting: { progress(chunks.done.load(ordering: .relaxed)) })
    if let failure = chunks.failure.withLock({ $0 }) {
      failedAt(failure.start)
      throw failure.error
    }
    progress(range.count)
  }

  /// Calls `body` with one chunk after the other, as long as there are any.
  func forEach(
    _ attempt: String, _ body: (Range<Int>) throws(ShmError) -> Void
  ) throws(ShmError) {
    while true {
      try SignalMask.checkPending(attempt)
      let start = next.wrappingAdd(size, ordering: .relaxed).oldValue
      // After the last chunk of a range that ends near 2^63, the next start wraps.
      guard start >= 0, start < range.upperBound else { return }
      let chunk = start..<start + min(size, range.upperBound - start)
      do throws(ShmError) {
        try body(chunk.clamped(to: range))
      } catch {
        fail(error, at: max(start, range.lowerBound))
        throw error
      }
      done.wrappingAdd(chunk.clamped(to: range).count, ordering: .relaxed)
    }
  }

  /// Stops all threads. An error without a chunk counts as later than all taken chunks.
  private func fail(_ error: ShmError, at start: Int = .max) {
    let taken = next.exchange(range.upperBound, ordering: .relaxed)
    let start = min(start, taken)
    failure.withLock { failure in
      if failure.map({ start < $0.start }) ?? true { failure = (start, error) }
    }
  }
}
