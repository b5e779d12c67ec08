import SystemPackage

/// The tmpfs that POSIX objects lie on: its room and its options. tmpfs(5)
///
/// ```swift
/// if let mount = SharedMemoryMount.current() { print(mount.fileSystem.free ?? -1) }
/// ```
public struct SharedMemoryMount: Sendable {
  /// Room in bytes and inodes.
  public let fileSystem: MemoryFileSystem
  /// Whether it is never swapped (`noswap`, Linux 6.4).
  public let isNoSwap: Bool
  /// When its files get huge pages (`huge=`); `never` if the option is not set.
  public let hugePages: String

  /// The current mount at /dev/shm; nil if it is not mounted.
  public static func current() -> SharedMemoryMount? {
    guard let status = try? FileSystem.fileSystemStatus(RegionName.directory) else { return nil }
    let mount = MountTable.current().mount(of: RegionName.directory)
    return SharedMemoryMount(
      fileSystem: MemoryFileSystem(status), isNoSwap: mount?.option("noswap") != nil,
      hugePages: mount?.option("huge") ?? "never")
  }
}
