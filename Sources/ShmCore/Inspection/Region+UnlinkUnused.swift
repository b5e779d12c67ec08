extension Region {
  /// Takes the region's name away, if it is proved at this moment that nobody uses the region.
  ///
  /// Where the kernel grants a lease it is held until the name is gone: whoever opens the region in
  /// between waits, and is seen. Elsewhere every process is looked at, and must be one that may be.
  ///
  /// ```swift
  /// let region = try Region.open(RegionReference("cache"), access: .status)
  /// if try region.unlinkIfUnused() == .unused { print("removed") }
  /// ```
  ///
  /// - Returns: `unused` where the name is gone; else who uses the region, or that it cannot be known,
  ///   and nothing was done.
  /// - Throws: `ShmError`, as `unlink` does: `notFound` where the name means another region by now.
  /// - Complexity: linear in the mappings of the host where there is no lease.
  public func unlinkIfUnused() throws(ShmError) -> RegionUse {
    switch RegionLease.ask(for: self, attempts: 4) {
    case .granted(let lease):
      if lease.isAwaited { return .used([]) }
      try unlink()
      return .unused
    case .refused:
      return .used([])
    case .unknown:
      let identity = try status().identity
      let scan = try RegionUsers.scan(for: [identity])
      let users = scan.users(of: identity).map(\.process)
      if !users.isEmpty { return .used(users) }
      if !scan.isComplete { return .unknown }
      try unlink()
      return .unused
    }
  }
}
