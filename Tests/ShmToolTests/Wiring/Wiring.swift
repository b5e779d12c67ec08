import Glibc
import ShmCore
import ShmTestSupport
import SystemPackage
import Testing

/// What only some machines and users have.
extension TestEnvironment {
  /// Whether this user may make user namespaces: some systems forbid it.
  static let mayMakeUserNamespaces: Bool = {
    guard has("unshare") else { return false }
    return unsafe system("unshare -Ur true 2>/dev/null") == 0
  }()

  /// Whether the tests may make control groups that bound memory.
  static let mayMakeMemoryGroups: Bool =
    unsafe isRoot
    && (access("/sys/fs/cgroup/memory/memory.limit_in_bytes", W_OK) == 0
      || access("/sys/fs/cgroup/init.scope/memory.max", W_OK) == 0)

  /// Whether the tests may see which page frames there are and what the kernel says of each.
  static let maySeeFrames: Bool = unsafe mayMount && access("/proc/kpageflags", R_OK) == 0

  /// Whether there is swap.
  static let hasSwap: Bool =
    ((try? FileSystem.contents(of: "/proc/swaps")) ?? []).count { $0 == UInt8(ascii: "\n") } > 1

  /// Whether the pool of huge pages holds some.
  static let hasHugePages: Bool =
    (try? FileSystem.contents(of: "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"))
    .map { $0 != Array("0\n".utf8) } ?? false
}
