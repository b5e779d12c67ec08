public import ShmCore
import SystemPackage

extension Region {
  /// Makes the region smaller, if it is proved at that moment that no process uses it.
  ///
  /// Proof and change are one step, as with `unlinkIfUnused`: while the size changes, this process has a write lease on
  /// the region. A process that opens the region in the meantime waits, and then sees the new size. It waits for at most
  /// the seconds of `/proc/sys/fs/lease-break-time`, usually 45: do not stop this process for longer. If the kernel
  /// grants no lease to this user, every process must permit the inspection. The size changes after it then, and a
  /// process may open the region in between. fcntl(2), ftruncate(2)
  ///
  /// ```swift
  /// let region = try Region.open(RegionReference("cache"), access: .status)
  /// let size = try region.status().size
  /// if try region.shrinkIfUnused(to: 4096, from: size) == .unused { print("smaller") }
  /// ```
  ///
  /// - Parameters:
  ///   - size: the new size in bytes.
  ///   - expected: the size at which the caller decided. Another current size is an error.
  ///   - patience: how long to wait for processes that only inspect the region. A call takes up to twice that time, and
  ///     longer on a busy machine.
  /// - Returns: `unused` if it is smaller now. Otherwise the processes that use the region, or `unknown`; nothing was
  ///   changed then.
  /// - Throws: `ShmError`: `usage` if the new size is not smaller, `busy` if another process changed the size,
  ///   `notPermitted`, `notSharedMemory`, `notFound`.
  /// - Complexity: linear in the mappings of the host.
  public func shrinkIfUnused(
    to size: Int, from expected: Int, patience: Duration = .milliseconds(250)
  ) throws(ShmError) -> RegionUse {
    let attempt = "cannot resize \(quoted) to \(ByteCount(size))"
    try SharedMemory.require(descriptor, "cannot resize \(quoted)")
    guard size < expected else {
      throw ShmError(.usage, attempt, "the size is not smaller than \(ByteCount(expected))")
    }
    let identity = try status().identity
    // If /proc cannot be read, the lease alone decides.
    let scan = try? RegionUsers.scanAfterInspections(of: identity, patience: patience)
    let users = scan?.users(of: identity).map(\.process) ?? []
    guard users.isEmpty else { return .used(users) }
    let deadline = Deadline(after: patience)
    while true {
      switch RegionLease.ask(for: self, access: .readWrite, patience: deadline.left ?? .zero) {
      case .granted(let lease):
        if RegionLease.isUndisturbed(lease.raw) {
          try lease.shrink(self, to: size, from: expected)
          return .unused
        }
      case .refused: return .used(RegionUsers.processes(using: identity))
      case .unknown: return try shrinkIfUnseen(to: size, from: expected, identity)
      }
      // A process that came after the scan may only inspect the region.
      if deadline.hasPassed { return .used(RegionUsers.processes(using: identity)) }
      Waiter.pause(.milliseconds(1))
    }
  }

  /// Makes the region smaller without a lease, if every process can be inspected and none uses it.
  private func shrinkIfUnseen(
    to size: Int, from expected: Int, _ identity: RegionIdentity
  ) throws(ShmError) -> RegionUse {
    let opened = try Region.open(reference)
    guard try opened.status().identity == identity else {
      throw ShmError(
        .notFound, "cannot resize \(quoted)", "the name now refers to another region")
    }
    guard let scan = try? RegionUsers.scan(for: [identity]) else { return .unknown }
    let users = scan.users(of: identity).map(\.process)
    guard users.isEmpty else { return .used(users) }
    guard scan.isComplete else { return .unknown }
    try opened.resize(to: size, mayShrink: true, expected: expected)
    return .unused
  }
}
