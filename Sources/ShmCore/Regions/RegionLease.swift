import CShm
import Glibc
package import SystemPackage

/// The kernel's proof that no other process has a region open or mapped: a write lease, released with this
/// value. While the lease is held, open(2) in another process blocks, or fails with `EAGAIN` if it is
/// non-blocking. Only operations that remove or shrink a region take a lease, and only for a short time.
/// `F_SETLEASE` of fcntl(2)
package struct RegionLease: ~Copyable {
  /// The kernel's answer.
  package enum Answer: ~Copyable {
    /// No other process has the region open, and no other process can open it while the lease is held.
    case granted(RegionLease)
    /// Another process has the region open.
    case refused
    /// The kernel grants no lease, usually because the region belongs to another user.
    case unknown
  }

  private let probe: OwnedDescriptor

  private init(_ probe: consuming OwnedDescriptor) {
    self.probe = probe
  }

  deinit { _ = cshm_fcntl(probe.raw, cshm_F_SETLEASE, CInt(F_UNLCK)) }

  /// The descriptor that the lease is on.
  package var raw: CInt { probe.raw }

  /// Whether a granted lease is undisturbed: no other process waits to open the region, and the kernel would
  /// grant the lease again.
  package static func isUndisturbed(_ raw: CInt) -> Bool {
    cshm_fcntl(raw, cshm_F_GETLEASE, 0) == CInt(F_WRLCK)
      && cshm_fcntl(raw, cshm_F_SETLEASE, CInt(F_WRLCK)) >= 0
  }

  /// Makes the region smaller. The lease must be one with access `readWrite`. ftruncate(2)
  ///
  /// - Parameters:
  ///   - region: the region of the lease.
  ///   - size: the new size in bytes.
  ///   - expected: the size at which the caller decided.
  /// - Throws: `ShmError`: `busy` if the size is another one.
  package func shrink(
    _ region: borrowing Region, to size: Int, from expected: Int
  ) throws(ShmError) {
    let attempt = "cannot resize \(region.quoted) to \(ByteCount(size))"
    let status = try region.status()
    try RegionSize.check(size, pageSize: status.pageSize, attempt)
    guard status.size == expected else { throw Region.changedSize(attempt) }
    do {
      try probe.truncate(to: size)
    } catch {
      throw ShmError(attempt, error)
    }
  }

  /// Whether this process can request a lease on a region: it must be able to read the region, and be its owner
  /// or have CAP_LEASE. capabilities(7)
  package static func mayAsk(_ status: RegionStatus, _ path: FilePath?) -> Bool {
    guard status.owner == ProcessView.user || ProcessView.mayLease, let path else { return false }
    return FileSystem.mayRead(path)
  }

  /// Requests a lease.
  ///
  /// - Parameters:
  ///   - region: opened with access `status` only. Any other open file description would conflict with the lease.
  ///   - access: how the region is opened for the lease.
  ///   - patience: how long to retry while another process has the region open. A process that only inspects the
  ///     region has it open for a short time.
  /// - Returns: the lease, or the reason for its absence.
  package static func ask(
    for region: borrowing Region, access: Region.Access = .readOnly, patience: Duration = .zero
  ) -> Answer {
    // The kernel refuses the lease if another open file description exists. A region with access `status` is
    // opened with O_PATH, which does not count.
    guard region.access == .status, let path = region.reference.path,
      // For writing only the file that was checked is opened, whatever the path now leads to.
      let probe = access == .readWrite
        ? try? FileSystem.open(
          FilePath("/proc/self/fd/\(region.descriptor.raw)"), O_RDWR | O_NONBLOCK)
        : try? FileSystem.open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW),
      let mine = try? region.descriptor.status(), let its = try? probe.status(),
      RegionIdentity(mine) == RegionIdentity(its)
    else { return .unknown }
    let deadline = Deadline(after: patience)
    while true {
      do {
        // A process that opens the region breaks the lease, and the kernel sends a signal. SIGURG is ignored.
        try SystemCall.checkNegated { cshm_fcntl(probe.raw, cshm_F_SETSIG, SIGURG) }
        try SystemCall.checkNegated { cshm_fcntl(probe.raw, cshm_F_SETLEASE, CInt(F_WRLCK)) }
        return .granted(RegionLease(probe))
      } catch {
        guard error == .resourceTemporarilyUnavailable || error == .resourceBusy else {
          return .unknown
        }
        if deadline.hasPassed { return .refused }
        Waiter.pause(.milliseconds(1))
      }
    }
  }
}
