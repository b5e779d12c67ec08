import SystemPackage

/// The kernel's settings that bear on shared memory and wiring. proc_sys_vm(5), proc_sys_kernel(5)
///
/// ```swift
/// print(KernelSettings.current().maximumMappings ?? -1)
/// ```
public struct KernelSettings: Sendable {
  /// The maximum number of mappings of a process (vm.max_map_count); nil if it cannot be read.
  public let maximumMappings: Int?
  /// Largest System V segment in bytes (kernel.shmmax).
  public let shmmax: UInt64?
  /// All System V segments together, in pages (kernel.shmall).
  public let shmall: UInt64?
  /// How many System V segments there may be (kernel.shmmni).
  public let shmmni: UInt64?
  /// The overcommit mode (vm.overcommit_memory): 0 heuristic, 1 always, 2 never beyond the commit limit.
  public let overcommit: Int?
  /// Whether compaction may move locked pages (vm.compact_unevictable_allowed): 1 if it may, and a thread
  /// that touches one then waits for a moment; nil if it cannot be read.
  public let compactsUnevictable: Int?
  /// When shared memory gets huge pages without being asked, the chosen word.
  public let shmemHugePages: String?

  /// The value of `overcommit` alone; nil if it cannot be read.
  static var overcommitMode: Int? { number("vm/overcommit_memory").flatMap { Int(exactly: $0) } }

  private static func text(_ path: String) -> ArraySlice<UInt8>? {
    try? FileSystem.firstLine(of: FilePath(path))
  }

  private static func number(_ name: String) -> UInt64? {
    text("/proc/sys/" + name).flatMap { ProcText.unsigned($0) }
  }

  /// The settings now.
  public static func current() -> KernelSettings {
    // always within_size advise [never] deny force
    let choice = text("/sys/kernel/mm/transparent_hugepage/shmem_enabled").flatMap { line in
      ProcText.words(line).map { String(decoding: $0, as: UTF8.self) }
        .first { $0.hasPrefix("[") && $0.hasSuffix("]") }
    }
    return KernelSettings(
      maximumMappings: number("vm/max_map_count").flatMap { Int(exactly: $0) },
      shmmax: number("kernel/shmmax"), shmall: number("kernel/shmall"),
      shmmni: number("kernel/shmmni"),
      overcommit: overcommitMode,
      compactsUnevictable: number("vm/compact_unevictable_allowed").flatMap { Int(exactly: $0) },
      shmemHugePages: choice.map { String($0.dropFirst().dropLast()) })
  }
}
