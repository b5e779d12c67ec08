import CShm
import Glibc
import SystemPackage

extension Region {
  /// Makes the region larger or smaller. New bytes are zero, and their memory is set aside before
  /// the size changes, so that a full tmpfs is an error here. ftruncate(2), fallocate(2)
  ///
  /// To make a region smaller takes the ground from under everybody who has it mapped: a touch
  /// beyond the new end is SIGBUS. Ask `RegionUsers` first. Two resizes of one region come one after the
  /// other: each holds a lock on it. flock(2)
  ///
  /// - Parameters:
  ///   - size: the new size in bytes.
  ///   - reserve: whether the memory of what is added is set aside.
  ///   - mayShrink: whether a smaller size is meant.
  ///   - expected: the size that the caller has seen, and asked about the region's users at; another one is
  ///     an error. nil for any.
  ///   - mayExceedMemory: whether more may be reserved than memory or a control group has: the kernel
  ///     ends the process then, instead of an error here.
  ///   - progress: called with the bytes reserved so far.
  /// - Throws: `ShmError`: `usage` for a smaller size that was not meant, `noSpace`,
  ///   `notPermitted` where a seal forbids it, `busy` where it is locked. The size is what it was then.
  /// - Complexity: linear in the bytes added or given back.
  public func resize(
    to size: Int, reserve: Bool = true, mayShrink: Bool = false, expected: Int? = nil,
    mayExceedMemory: Bool = false, progress: (Int) -> Void = { _ in }
  ) throws(ShmError) {
    let attempt = "cannot resize \(quoted) to \(ByteCount(size))"
    // Signals are held off, for what was taken beyond the end must be given back; what takes long asks
    // for them.
    let mask = SignalMask()
    _ = mask
    let lock = try RegionLock(self, attempt)
    defer { withExtendedLifetime(lock) {} }
    let status = try self.status()
    try RegionSize.check(size, pageSize: status.pageSize, attempt)
    let changed = "another process has changed its size meanwhile"
    if let expected, status.size != expected {
      throw ShmError(.busy, attempt, changed, remedy: "look who uses it, and try again")
    }
    if size < status.size, !mayShrink {
      throw ShmError(
        .usage, attempt,
        "it holds \(ByteCount(status.size)), and what lies beyond the new end would be lost",
        remedy: .allowShrinking)
    }
    if size == status.size {
      // Gives back what a killed resize has left beyond the end.
      try? descriptor.truncate(to: size)
      return
    }
    let space = try self.space(attempt)
    let seals = self.seals()
    let binding: Seals = size < status.size ? .shrink : .grow
    let explain = { (error: Errno) in
      if error == .notPermitted, let seals, seals.contains(binding) {
        return ShmError(
          .notPermitted, attempt, "the seal '\(binding.words[0])' does not allow it",
          errorNumber: error.rawValue)
      }
      return space.refusal(max(0, size - status.size), errno: error)
    }
    let added = status.size..<max(size, status.size)
    if reserve, !added.isEmpty {
      try space.require(added.count, mayExceedMemory: mayExceedMemory)
      try Reservation.reserve(
        added, of: descriptor, attempt: attempt, space: mayExceedMemory ? nil : space,
        explain: explain, progress: progress)
    }
    do throws(ShmError) {
      // Whoever takes no lock may have made it larger meanwhile, and has bytes there.
      if !added.isEmpty, try self.status().size != status.size {
        throw ShmError(.busy, attempt, changed)
      }
      if size > status.size { try clearTail(of: status, attempt) }
      try ShmError.explaining(explain) { () throws(Errno) in try descriptor.truncate(to: size) }
    } catch {
      if reserve, !added.isEmpty { Reservation.release(added, of: descriptor) }
      throw error
    }
  }

  /// Stores beyond the end of a region that does not end on a page stay in the rest of that page, and
  /// would be the first of the new bytes.
  private func clearTail(of status: RegionStatus, _ attempt: String) throws(ShmError) {
    let end = PageMath.outward(0..<status.size, to: status.pageSize).upperBound
    guard end > status.size else { return }
    do {
      try descriptor.allocate(
        status.size..<end, mode: cshm_FALLOC_FL_PUNCH_HOLE | cshm_FALLOC_FL_KEEP_SIZE)
    } catch {
      // A file system without it has no such pages.
      guard error == .notPermitted else { return }
      let seal = (seals() ?? []).intersection([.write, .futureWrite]).words.first
      let reason = seal.map { "the seal '\($0)' does not allow" } ?? "the kernel refuses"
      throw ShmError(
        .notPermitted, attempt, "\(reason) to clear the rest of its last page",
        errorNumber: error.rawValue)
    }
  }
}
