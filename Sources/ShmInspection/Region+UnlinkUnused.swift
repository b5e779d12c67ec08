public import ShmCore
import SystemPackage

extension Region {
  /// Removes the region's name, if it is proved at that moment that no process uses the region.
  ///
  /// Proof and removal are one step. First the processes are looked at, so that a region in use is not
  /// touched. Then the kernel is asked for a lease, which it grants only if no other process has the
  /// region open, and which lasts until the name is gone: a process that opens the region meanwhile waits,
  /// is noticed, and finds the name again. If the kernel grants none to this user, the name is set aside,
  /// and every process is looked at again, each of which must be one that may be looked at.
  ///
  /// ```swift
  /// let region = try Region.open(RegionReference("cache"), access: .status)
  /// if try region.unlinkIfUnused() == .unused { print("removed") }
  /// ```
  ///
  /// - Returns: `unused` if the name is gone; else which processes use the region, or that it cannot be
  ///   known, and the region has its name.
  /// - Throws: `ShmError`, as `unlink` does: `notFound` if the name means another region by now, `notSharedMemory`
  ///   for a file that is not shared memory.
  /// - Complexity: linear in the mappings of the host.
  public func unlinkIfUnused() throws(ShmError) -> RegionUse {
    try SharedMemory.require(descriptor, "cannot remove \(quoted)")
    // Without /proc there is the kernel's word still.
    let users = try? Self.users(try status().identity)
    if case .used(let processes) = users { return .used(processes) }
    return try unlinkIfUnused(afterLook: ())
  }

  /// The same after a look that has found no user.
  func unlinkIfUnused(afterLook: Void) throws(ShmError) -> RegionUse {
    switch RegionLease.ask(for: self, patience: .milliseconds(20)) {
    case .granted(let lease):
      let raw = lease.raw
      defer { withExtendedLifetime(lease) {} }
      guard RegionLease.isUndisturbed(raw) else { return .used([]) }
      let isGone = try unlink { () throws(ShmError) in
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

  /// Who uses a region, if every process can be seen.
  private static func users(_ identity: RegionIdentity) throws(ShmError) -> RegionUse {
    let scan = try RegionUsers.scan(for: [identity])
    let users = scan.users(of: identity).map(\.process)
    if !users.isEmpty { return .used(users) }
    return scan.isComplete ? .unused : .unknown
  }
}
