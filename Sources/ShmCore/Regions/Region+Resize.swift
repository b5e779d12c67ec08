import CShm
import Glibc
import SystemPackage

extension Region {
  /// Makes the region larger or smaller. New bytes are zero. Their memory is reserved before the size changes, so
  /// that a full tmpfs is an error here. ftruncate(2), fallocate(2)
  ///
  /// Shrinking a region invalidates the mappings of other processes beyond the new end: an access there raises
  /// SIGBUS. Check `RegionUsers` first. Each resize holds a lock, so that two resizes of one region run one after
  /// the other. `F_OFD_SETLK` of fcntl(2)
  ///
  /// - Parameters:
  ///   - size: the new size in bytes.
  ///   - reserve: whether the memory of the added bytes is reserved.
  ///   - mayShrink: whether a smaller size is allowed. Otherwise a smaller size is an error, and nothing is changed.
  ///   - expected: the size at which the caller checked the region's users. Another current size is an error.
  ///     nil accepts any size.
  ///   - mayExceedMemory: whether to reserve more than the memory of the machine or of a control group. The
  ///     kernel then ends the process, instead of an error here.
  ///   - progress: called with the bytes reserved so far.
  /// - Throws: `ShmError`: `doesNotFit` for a smaller size without `mayShrink`, `noSpace`, `notPermitted` if a seal
  ///   forbids it, `busy` if it is locked. The size is unchanged after an error.
  /// - Complexity: linear in the bytes added or released.
  public func resize(
    to size: Int, reserve: Bool = true, mayShrink: Bool = false, expected: Int? = nil,
    mayExceedMemory: Bool = false, progress: (Int) -> Void = { _ in }
  ) throws(ShmError) {
    let attempt = "cannot resize \(quoted) to \(ByteCount(size))"
    // Signals are blocked, because memory reserved beyond the end must be released after an error. Long operations
    // check for pending signals.
    let mask = SignalMask()
    _ = mask
    let lock = try RegionLock(self, attempt)
    defer { withExtendedLifetime(lock) {} }
    let status = try self.status()
    try RegionSize.check(size, pageSize: status.pageSize, attempt)
    if let expected, status.size != expected {
      throw Self.changedSize(attempt)
    }
    if size < status.size, !mayShrink {
      throw ShmError(
        .doesNotFit, attempt,
        "it has \(ByteCount(status.size)), and the data beyond the new end would be lost",
        remedy: .allowShrinking)
    }
    if size == status.size {
      // Releases memory beyond the end that a killed resize left reserved.
      try? descriptor.truncate(to: size)
      return
    }
    let check = try spaceCheck(attempt)
    let seals = self.seals()
    let binding: Seals = size < status.size ? .shrink : .grow
    let explain = { (error: Errno) in
      if error == .notPermitted, let seals, seals.contains(binding) {
        return ShmError(
          .notPermitted, attempt, "the seal '\(binding.words[0])' forbids it",
          errorNumber: error.rawValue)
      }
      return check.refusal(max(0, size - status.size), errno: error)
    }
    let added = status.size..<max(size, status.size)
    if reserve, !added.isEmpty {
      try check.require(added.count, mayExceedMemory: mayExceedMemory)
      try Reservation.reserve(
        added, of: descriptor, attempt: attempt, check: mayExceedMemory ? nil : check,
        explain: explain, progress: progress)
    }
    do throws(ShmError) {
      // A process that does not take the lock may have enlarged the region and written data there.
      if !added.isEmpty, try self.status().size != status.size {
        throw Self.changedSize(attempt)
      }
      if size > status.size { try clearTail(of: status, attempt) }
      do throws(Errno) {
        try descriptor.truncate(to: size)
      } catch {
        throw explain(error)
      }
    } catch {
      if reserve, !added.isEmpty { Reservation.release(added, of: descriptor) }
      throw error
    }
  }

  static func changedSize(_ attempt: String) -> ShmError {
    ShmError(
      .busy, attempt, "another process changed its size in the meantime",
      remedy: "check which processes use it, and try again")
  }

  /// Clears the rest of the last page. Stores through a mapping beyond the end remain there, and would become the
  /// first of the new bytes.
  private func clearTail(of status: RegionStatus, _ attempt: String) throws(ShmError) {
    let end = PageMath.outward(0..<status.size, to: status.pageSize).upperBound
    guard end > status.size else { return }
    do {
      try descriptor.allocate(
        status.size..<end, mode: cshm_FALLOC_FL_PUNCH_HOLE | cshm_FALLOC_FL_KEEP_SIZE)
    } catch {
      // A file system without hole punching keeps no data beyond the end.
      guard error == .notPermitted else { return }
      let seal = (seals() ?? []).intersection([.write, .futureWrite]).words.first
      let reason = seal.map { "the seal '\($0)' forbids" } ?? "the kernel forbids"
      throw ShmError(
        .notPermitted, attempt, "\(reason) clearing the rest of its last page",
        errorNumber: error.rawValue)
    }
  }
}
