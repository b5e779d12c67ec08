import CShm
import Glibc
import SystemPackage

extension Region {
  /// Creates secret memory: a region without a name whose pages the kernel itself does not map. memfd_secret(2),
  /// Linux 5.14
  ///
  /// Its pages are locked in RAM when they are touched, and count against the memlock limit of each process that maps
  /// them. Other processes cannot read them, not even through ptrace(2), `process_vm_readv(2)` or /proc, unless they get
  /// the descriptor. Core dumps do not contain them. Neither read(2), write(2) nor direct I/O work on the region, and it
  /// cannot be mapped privately.
  ///
  /// ```swift
  /// let region = try Region.secret(size: 4096)
  /// let keys = try Mapping(of: region)
  /// ```
  ///
  /// - Parameter size: the size in bytes, which need not be a multiple of the page size.
  /// - Returns: the region, open for reading and writing.
  /// - Throws: `ShmError`:
  ///   - `usage` for a size that is not positive,
  ///   - `noSpace` for a size that no process could map,
  ///   - `system` if the kernel does not support secret memory, or if it is disabled.
  /// - Complexity: constant. The kernel allocates a page when a process touches it.
  public static func secret(size: Int) throws(ShmError) -> Region {
    let attempt = "cannot create secret memory"
    try RegionSize.check(size, pageSize: PageMath.pageSize, attempt)
    let descriptor: OwnedDescriptor
    do throws(Errno) {
      descriptor = OwnedDescriptor(
        adopting: try SystemCall.checkNegated { cshm_memfd_secret() })
    } catch .noFunction {
      throw ShmError(
        .system, attempt, "the kernel does not support memfd_secret, or it is disabled",
        remedy: "boot with secretmem.enable=1 (Linux 5.14 or later)",
        errorNumber: Errno.noFunction.rawValue)
    } catch {
      throw ShmError(attempt, error)
    }
    let region = Region(
      .descriptor(process: getpid(), number: descriptor.raw), access: .readWrite,
      descriptor: descriptor)
    do throws(Errno) {
      try region.descriptor.truncate(to: size)
    } catch {
      throw ShmError(attempt, error)
    }
    return region
  }
}
