import CShm
import Glibc
import SystemPackage

/// Reserves the memory of a region before it is used. A lack of memory is then an error of fallocate(2), not a
/// SIGBUS at the first touch.
enum Reservation {
  /// The bytes of one call. On tmpfs, a signal makes the call release its pages and start from the beginning. So
  /// calls are short, and signals are blocked during each of them.
  static let chunk = 32 << 20
  /// The maximum bytes that are reserved between two checks of the available room.
  private static let longestInterval = 128 << 20

  /// The bytes that are reserved before the next check: few if little room is left, because other processes
  /// also take memory.
  private static func interval(_ left: Int?) -> Int {
    min(
      longestInterval, max(shortestInterval, PageMath.roundDown((left ?? .max) / 16, to: 1 << 20)))
  }

  private static let shortestInterval = 1 << 20
  /// The shortage that a later check tolerates: the kernel charges groups in batches, and the room includes a
  /// margin for that.
  private static let slack = 1 << 19

  /// Reserves `range` without changing the size of the file. After an error, memory beyond the end of the file is
  /// released.
  ///
  /// - Parameters:
  ///   - range: in bytes.
  ///   - descriptor: the file, open for writing.
  ///   - attempt: what is tried, for messages.
  ///   - check: checks the available room again during the reservation, because other processes also take
  ///     memory; nil skips the limits at which the kernel ends processes.
  ///   - explain: turns an error number into an error.
  ///   - progress: called with the bytes reserved so far, from 0.
  /// - Throws: `ShmError`: the error of `explain`, or `interrupted`.
  static func reserve(
    _ range: Range<Int>, of descriptor: borrowing OwnedDescriptor, attempt: String,
    check: SpaceCheck?, explain: (Errno) -> ShmError, progress: (Int) -> Void
  ) throws(ShmError) {
    var offset = range.lowerBound
    // The caller has looked a moment ago.
    var nextLook = offset &+ shortestInterval
    while offset < range.upperBound {
      progress(offset - range.lowerBound)
      if let check, offset >= nextLook {
        do {
          let wanted = max(0, range.upperBound - offset - slack)
          let left = try check.left(after: wanted) { $0.endsProcesses }
          nextLook = offset &+ interval(left.map { $0 &+ wanted })
        } catch {
          release(range, of: descriptor)
          throw error
        }
      }
      let step = check == nil ? chunk : min(chunk, max(1, nextLook - offset))
      let end = offset + min(step, range.upperBound - offset)
      let refused: Errno?
      do {
        refused = try reserveChunk(offset..<end, of: descriptor, attempt: attempt)
      } catch {
        release(range, of: descriptor)
        throw error
      }
      if let refused {
        // Released first, so that the error reports the memory that the caller will find free.
        release(range, of: descriptor)
        throw explain(refused)
      }
      offset = end
    }
    progress(range.count)
  }

  /// Releases the memory of `range` that is beyond the end of the file. Memory before the end may already hold
  /// data of another process. The kernel releases only whole pages, so the released range is extended to the end of
  /// the last page. fallocate(2), `FALLOC_FL_PUNCH_HOLE`
  static func release(_ range: Range<Int>, of descriptor: borrowing OwnedDescriptor) {
    guard let size = try? descriptor.status().st_size, Int(size) < range.upperBound else { return }
    let pageSize = (try? descriptor.fileSystemStatus()).map { MemoryFileSystem($0).pageSize }
    let end = PageMath.roundUp(range.upperBound, to: pageSize ?? PageMath.pageSize)
    let range = max(range.lowerBound, Int(size))..<(end ?? range.upperBound)
    // The size of the region is unchanged. If the kernel refuses this call, the memory stays reserved.
    try? descriptor.allocate(
      range, mode: cshm_FALLOC_FL_PUNCH_HOLE | cshm_FALLOC_FL_KEEP_SIZE)
  }

  /// Reserves one chunk and returns the error number if the kernel refuses.
  private static func reserveChunk(
    _ range: Range<Int>, of descriptor: borrowing OwnedDescriptor, attempt: String
  ) throws(ShmError) -> Errno? {
    let mask = SignalMask()
    _ = mask
    // A stop signal or a debugger can still interrupt the call.
    var interruptions = Interruptions()
    while true {
      try SignalMask.checkPending(attempt)
      do throws(Errno) {
        do throws(Errno) {
          try descriptor.allocate(range, mode: cshm_FALLOC_FL_KEEP_SIZE)
          return nil
        } catch {
          try interruptions.check(error.rawValue)
        }
      } catch {
        return error
      }
    }
  }
}
