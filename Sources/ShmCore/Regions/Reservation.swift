import CShm
import Glibc
import SystemPackage

/// Memory set aside for a region before anybody counts on it: what a touch would have found out by
/// SIGBUS, fallocate(2) says with an error.
enum Reservation {
  /// How much is asked for at once. On tmpfs a signal makes the call give back what it took and
  /// begin anew, so calls are short, and signals are held off during each.
  static let chunk = 32 << 20
  /// How much is reserved between two looks at the room, at most.
  private static let longestInterval = 128 << 20

  /// How much is reserved before the next look, of the room that is left: little if little is left, because
  /// other processes take of it meanwhile.
  private static func interval(_ left: Int?) -> Int {
    min(
      longestInterval, max(shortestInterval, PageMath.roundDown((left ?? .max) / 16, to: 1 << 20)))
  }

  private static let shortestInterval = 1 << 20
  /// What a later look may find missing: the kernel charges groups in batches, and the room leaves something
  /// for that.
  private static let slack = 1 << 19

  /// Reserves `range`; the size of the file does not change. On an error what was taken beyond the
  /// end of the file is given back.
  ///
  /// - Parameters:
  ///   - range: in bytes.
  ///   - descriptor: the file, open for writing.
  ///   - attempt: what is tried, for messages.
  ///   - space: looks at the room again from time to time, because other processes take memory, too;
  ///     nil leaves the limits that end processes to the kernel.
  ///   - explain: says what an error number means here.
  ///   - progress: called with the bytes reserved so far, from 0.
  /// - Throws: `ShmError`: what `explain` makes of the kernel's answer, or `interrupted`.
  static func reserve(
    _ range: Range<Int>, of descriptor: borrowing OwnedDescriptor, attempt: String,
    space: SpaceCheck?, explain: (Errno) -> ShmError, progress: (Int) -> Void
  ) throws(ShmError) {
    var offset = range.lowerBound
    // The caller has looked a moment ago.
    var nextLook = offset &+ shortestInterval
    while offset < range.upperBound {
      progress(offset - range.lowerBound)
      if let space, offset >= nextLook {
        do {
          let wanted = max(0, range.upperBound - offset - slack)
          let left = try space.left(after: wanted) { $0.endsProcesses }
          nextLook = offset &+ interval(left.map { $0 &+ wanted })
        } catch {
          release(range, of: descriptor)
          throw error
        }
      }
      let step = space == nil ? chunk : min(chunk, max(1, nextLook - offset))
      let end = offset + min(step, range.upperBound - offset)
      let refused: Errno?
      do {
        refused = try reserveChunk(offset..<end, of: descriptor, attempt: attempt)
      } catch {
        release(range, of: descriptor)
        throw error
      }
      if let refused {
        // Given back first: what is free then is what the caller finds free.
        release(range, of: descriptor)
        throw explain(refused)
      }
      offset = end
    }
    progress(range.count)
  }

  /// Gives the memory of `range` back, as far as it lies beyond the end of the file: what lies within
  /// may hold somebody's bytes by now. Only whole pages are given back, so it goes on to the end of the
  /// last one. fallocate(2), `FALLOC_FL_PUNCH_HOLE`
  static func release(_ range: Range<Int>, of descriptor: borrowing OwnedDescriptor) {
    guard let size = try? descriptor.status().st_size, Int(size) < range.upperBound else { return }
    let pageSize = (try? descriptor.fileSystemStatus()).map { MemoryFileSystem($0).pageSize }
    let end = PageMath.roundUp(range.upperBound, to: pageSize ?? PageMath.pageSize)
    let range = max(range.lowerBound, Int(size))..<(end ?? range.upperBound)
    // The region is as small as it was; if even this is refused, nothing better is left to do.
    try? descriptor.allocate(
      range, mode: cshm_FALLOC_FL_PUNCH_HOLE | cshm_FALLOC_FL_KEEP_SIZE)
  }

  /// Returns the kernel's refusal, if it is one.
  private static func reserveChunk(
    _ range: Range<Int>, of descriptor: borrowing OwnedDescriptor, attempt: String
  ) throws(ShmError) -> Errno? {
    let mask = SignalMask()
    _ = mask
    // A stop or a debugger cannot be held off.
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
