import Glibc
import Synchronization

/// Whether the contents of regions are written into core dumps of this process. madvise(2),
/// `MADV_DONTDUMP`; core(5)
///
/// The kernel leaves a shared mapping of a file that has a name out by itself, by default. It writes
/// what has no name: a memfd, and a region that was removed.
///
/// The rule for the whole process: ``Mapping/excludeAllFromCoreDumps()``.
package enum CoreDumps {
  /// Relaxed: it is set before the mappings that it is for, by the thread that makes them or starts the
  /// threads that do.
  private static let areRegionsExcluded = Atomic<Bool>(false)

  /// Excludes every mapping of a region that the process makes from now on. It stays so: what was copied
  /// out of a mapping, and the mappings of other processes, are not covered.
  package static func excludeRegions() {
    areRegionsExcluded.store(true, ordering: .relaxed)
  }

  /// Excludes a mapping, if that is wanted. A kernel that refuses the advice maps all the same.
  static func apply(to range: UnsafeMutableRawBufferPointer) {
    guard areRegionsExcluded.load(ordering: .relaxed) else { return }
    try? unsafe MemoryCalls.advise(range, MADV_DONTDUMP)
  }
}

extension Mapping {
  /// Excludes every region that this process maps from now on from its core dumps. madvise(2), `MADV_DONTDUMP`
  ///
  /// The kernel writes shared memory without a name into core dumps: a memfd, and a region that was removed. Copies of
  /// the bytes elsewhere in memory, and the mappings of other processes, are not covered. To exclude one mapping, use
  /// ``advise(_:in:)``.
  ///
  /// ```swift
  /// Mapping.excludeAllFromCoreDumps()   // before a secret is mapped
  /// ```
  public static func excludeAllFromCoreDumps() { CoreDumps.excludeRegions() }
}
