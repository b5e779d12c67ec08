public import ShmCore
import SystemPackage

extension Region {
  /// Removes the region's name, if it is proved at that moment that no process uses the region.
  ///
  /// Proof and removal are one step. First the processes are inspected, so that a region in use is not touched. Then it
  /// requests a write lease. The kernel grants the lease only if no other process has the region open. The lease is
  /// held until the name is removed. A process that opens the region in the meantime blocks until the lease is
  /// released. The call detects the process, and restores the name. If the kernel grants no lease to this user, the
  /// region is renamed, and all processes are inspected again. Each of them must permit the inspection.
  ///
  /// ```swift
  /// let region = try Region.open(RegionReference("cache"), access: .status)
  /// if try region.unlinkIfUnused() == .unused { print("removed") }
  /// ```
  ///
  /// A process that only inspects the region has it open for a moment. The call waits for such processes.
  ///
  /// - Parameter patience: how long to wait for them. A call takes up to twice that time, and longer on a busy machine.
  /// - Returns: `unused` if the name was removed. Otherwise the processes that use the region, or `unknown`; the region
  ///   keeps its name then.
  /// - Throws: `ShmError`, as `unlink` does: `notFound` if the name now refers to another region, `notSharedMemory`
  ///   for a file that is not shared memory.
  /// - Complexity: linear in the mappings of the host.
  public func unlinkIfUnused(
    patience: Duration = .milliseconds(250)
  ) throws(ShmError) -> RegionUse {
    try SharedMemory.require(descriptor, "cannot remove \(quoted)")
    // If /proc cannot be read, the lease alone decides.
    let identity = try status().identity
    let scan = try? RegionUsers.scanAfterInspections(of: identity, patience: patience)
    let users = scan?.users(of: identity).map(\.process) ?? []
    guard users.isEmpty else { return .used(users) }
    return try unlinkIfUnseen(patience: patience)
  }

  /// Removes the name after a scan that found no user.
  ///
  /// - Parameter patience: how long another process may have it open that the scan did not find.
  /// - Returns: as `unlinkIfUnused()`.
  /// - Throws: as `unlinkIfUnused()`.
  func unlinkIfUnseen(
    patience: Duration = .milliseconds(20)
  ) throws(ShmError) -> RegionUse {
    let deadline = Deadline(after: patience)
    while true {
      let use = try unlinkNow(deadline)
      guard case .used(let users) = use else { return use }
      // A process that came after the scan may only inspect the region.
      if deadline.hasPassed {
        return .used(users.isEmpty ? RegionUsers.processes(using: try status().identity) : users)
      }
      Waiter.pause(.milliseconds(1))
    }
  }

  /// Removes the name if the proof succeeds. It requests the lease until the deadline.
  private func unlinkNow(_ deadline: Deadline) throws(ShmError) -> RegionUse {
    switch RegionLease.ask(for: self, patience: deadline.left ?? .zero) {
    case .granted(let lease):
      let raw = lease.raw
      defer { withExtendedLifetime(lease) {} }
      guard RegionLease.isUndisturbed(raw) else { return .used([]) }
      let isGone = try unlink {
        // At once: while the name is free another process may take it.
        RegionLease.isUndisturbed(raw)
      }
      return isGone ? .unused : .used([])
    case .refused:
      return .used([])
    case .unknown:
      let identity = try status().identity
      var use = try Self.users(identity)
      guard use == .unused else { return use }
      let isGone = try unlink { () throws(ShmError) in
        use = try Self.users(identity)
        return use == .unused
      }
      return isGone || use != .unused ? use : .unknown
    }
  }

  /// The users of a region, if every process is visible.
  private static func users(_ identity: RegionIdentity) throws(ShmError) -> RegionUse {
    let scan = try RegionUsers.scan(for: [identity])
    let users = scan.users(of: identity).map(\.process)
    if !users.isEmpty { return .used(users) }
    return scan.isComplete ? .unused : .unknown
  }
}
