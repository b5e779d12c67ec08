import SystemPackage

/// The tmpfs that POSIX objects lie on: its room and its options. tmpfs(5)
package struct SharedMemoryMount: Sendable {
  /// Room in bytes and inodes.
  package let fileSystem: MemoryFileSystem
  /// Whether it is never swapped (`noswap`, Linux 6.4).
  package let isNoSwap: Bool
  /// When its files get huge pages (`huge=`); `never` if the option is not set.
  package let hugePages: String

  /// The current mount at /dev/shm; nil if it is not mounted.
  package static func current() -> SharedMemoryMount? {
    guard let status = try? FileSystem.fileSystemStatus(RegionName.directory) else { return nil }
    let mount = MountTable.current().mount(of: RegionName.directory)
    return SharedMemoryMount(
      fileSystem: MemoryFileSystem(status), isNoSwap: mount?.option("noswap") != nil,
      hugePages: mount?.option("huge") ?? "never")
  }
}
