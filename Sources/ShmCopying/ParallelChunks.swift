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

  /// The error of a thread that could not make what it needs.
  private let unprepared = Mutex<ShmError?>(nil)

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
    if let error = chunks.unpreparedError {
      failedAt(range.lowerBound)
      throw error
    }
    progress(range.count)
  }

  /// The error if no thread was prepared; only then chunks are left.
  private var unpreparedError: ShmError? {
    // After the last chunk of a range that ends near 2^63, `next` wraps.
    (0..<range.upperBound).contains(next.load(ordering: .relaxed))
      ? unprepared.withLock { $0 } : nil
  }

  /// Makes what this thread needs for its work, such as buffers.
  ///
  /// - Parameter make: makes it.
  /// - Returns: nil if it cannot be made. The thread must return then: the others do its work, and if no thread can make
  ///   it, `run` throws the error.
  func prepare<Needed: ~Copyable>(_ make: () throws(ShmError) -> Needed) -> Needed? {
    do throws(ShmError) {
      return try make()
    } catch {
      unprepared.withLock { $0 = error }
      return nil
    }
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
