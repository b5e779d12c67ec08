import Glibc
import SystemPackage

extension Region {
  /// Makes the region larger or smaller. New bytes are zero, and their memory is set aside before
  /// the size changes, so that a full tmpfs is an error here. ftruncate(2), fallocate(2)
  ///
  /// To make a region smaller takes the ground from under everybody who has it mapped: a touch
  /// beyond the new end is SIGBUS. Ask `RegionUsers` first.
  ///
  /// - Parameters:
  ///   - size: the new size in bytes.
  ///   - reserve: whether the memory of what is added is set aside.
  ///   - mayShrink: whether a smaller size is meant.
  ///   - progress: called with the bytes reserved so far.
  /// - Throws: `ShmError`: `usage` for a smaller size that was not meant, `noSpace`,
  ///   `notPermitted` where a seal forbids it. The size is what it was then.
  /// - Complexity: linear in the bytes added or given back.
  public func resize(
    to size: Int, reserve: Bool = true, mayShrink: Bool = false, progress: (Int) -> Void = { _ in }
  ) throws(ShmError) {
    let attempt = "cannot resize \(quoted) to \(ByteCount(size))"
    let status = try self.status()
    try RegionSize.check(size, pageSize: status.pageSize, attempt)
    if size == status.size { return }
    if size < status.size, !mayShrink {
      throw ShmError(
        .usage, attempt,
        "it holds \(ByteCount(status.size)), and what lies beyond the new end would be lost",
        remedy: "ask for it with --shrink if that is meant")
    }
    let space = try self.space(attempt)
    let seals = self.seals()
    let explain = { (error: Errno) in
      if error == .notPermitted, let seals, !seals.isEmpty {
        return ShmError(
          .notPermitted, attempt, "it is sealed: \(seals.words.joined(separator: ", "))",
          errorNumber: error.rawValue)
      }
      return space.refusal(size - status.size, errno: error)
    }
    let added = status.size..<max(size, status.size)
    if reserve, !added.isEmpty {
      try space.require(added.count)
      try Reservation.reserve(
        added, of: descriptor, attempt: attempt, explain: explain, progress: progress)
    }
    do {
      try ShmError.explaining(explain) { () throws(Errno) in try descriptor.truncate(to: size) }
    } catch {
      if reserve, !added.isEmpty { Reservation.release(added, of: descriptor) }
      throw error
    }
  }
}
