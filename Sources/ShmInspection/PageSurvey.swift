import ShmCore
import Synchronization
import SystemPackage

/// The survey of a large region that is nearly all in RAM, by all processors in parallel. One thread calls lseek(2) at
/// its end, and the others call mincore(2) from its start.
final class PageSurvey: Sendable {
  /// Pages of the head in the same state, and whether they are resident; nil if unknown.
  typealias Residency = [(range: Range<Int>, isIn: Bool?)]

  /// The end of the head, in bytes.
  let head: Int
  private let file: OwnedDescriptor
  /// A mapping of the head. If each chunk were mapped, mmap(2) would wait until mincore(2) of the other threads ends.
  private let pages: OwnedPages
  private let end: Int
  /// The next piece of work: 0 is the end of the region, and the following numbers are chunks of its start. Relaxed
  /// ordering is sufficient for the counter; a lock protects the results.
  private let next = Atomic<Int>(0)
  private let found = Mutex<(head: [Int: Residency], data: [Range<Int>])>(([:], []))
  private let processors = Threads.processors

  /// nil if no file descriptor or address space is available.
  init?(of file: borrowing OwnedDescriptor, end: Int) {
    // If both run, mincore needs 3 times as long for a page as lseek.
    let helpers = Threads.processors - 1
    head = PageMath.roundDown(end / (helpers + 3) * helpers, to: Mapping.chunk / 4)
    guard let file = try? file.duplicate(),
      let pages = try? PageResidency.map(file, 0..<head)
    else { return nil }
    self.file = file
    self.pages = pages
    self.end = end
  }

  /// Looks.
  ///
  /// - Returns: the pages of the head without a gap, and the data after it, in order.
  func run() -> (head: Residency, data: [Range<Int>]) {
    Threads.run(processors, body: work, whileWaiting: {})
    return found.withLock { found in
      (found.head.sorted { $0.key < $1.key }.flatMap(\.value), found.data)
    }
  }

  private func work() {
    let size = Mapping.chunk / 4
    while true {
      let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
      if piece == 0 {
        var data: [Range<Int>] = []
        PageStateScan.forEachData(in: file, head..<end) { data.append($0) }
        found.withLock { $0.data = data }
        continue
      }
      let start = (piece - 1) * size
      guard start < head else { return }
      let chunk = start..<min(head, start + size)
      var residency: Residency = []
      if let answer = try? PageResidency(of: pages, chunk) {
        answer.forEachRun { residency.append(($0, $1)) }
      } else {
        residency = [(chunk, nil)]
      }
      found.withLock { $0.head[start] = residency }
    }
  }
}
