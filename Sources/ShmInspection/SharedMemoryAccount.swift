import Glibc
import ShmCore
import SystemPackage

/// How far the regions of an inventory make up the `Shmem:` of /proc/meminfo: all shared memory in RAM
/// but the huge pages of pools.
///
/// ```swift
/// if let account = try RegionInventory.current().account { print(account.unaccounted ?? -1) }
/// ```
public struct SharedMemoryAccount: Sendable {
  /// What the kernel counts, in bytes. proc_meminfo(5), `Shmem`
  public let shmem: Int
  /// The bytes of the regions listed, less what is swapped out.
  public let listed: Int
  /// The bytes of files on a tmpfs that no process has open or mapped; incomplete if a tmpfs does not report them.
  public let otherFiles: Int
  /// How many regions there are whose memory is not known.
  public let unknownRegions: Int

  /// The rest: memory that is not visible here, or memory of the kernel. Negative if
  /// files that are not listed are partly swapped out, or something has changed meanwhile.
  public var unaccounted: Int { shmem - listed - otherFiles }

  init?(
    _ entries: [RegionInventory.Entry],
    _ views: [(process: Int32, name: [UInt8], mounts: MemoryMounts)]
  ) {
    guard let shmem = MemoryInformation.current()?["Shmem"] else { return nil }
    var listed = 0
    var unknown = 0
    var onDevice: [UInt64: Int] = [:]
    var counted: Set<RegionIdentity> = []
    let ram = Set(
      views.flatMap(\.mounts.mounts).filter { $0.kind == "ramfs" }.compactMap(\.deviceNumber))
    for entry in entries where !entry.hasHugePages && !ram.contains(entry.identity.device) {
      // A region of two names is one.
      guard entry.kind == .systemV || counted.insert(entry.identity).inserted else { continue }
      guard let allocated = entry.allocated else {
        unknown += 1
        continue
      }
      listed += allocated - min(allocated, entry.swapped ?? 0)
      onDevice[entry.identity.device, default: 0] += allocated
    }
    self.shmem = shmem
    self.listed = listed
    unknownRegions = unknown
    otherFiles = Self.used(views).reduce(0) { $0 + max(0, $1.value - onDevice[$1.key, default: 0]) }
  }

  /// The used bytes of every mounted tmpfs, by device number. statfs(2)
  private static func used(
    _ views: [(process: Int32, name: [UInt8], mounts: MemoryMounts)]
  ) -> [UInt64: Int] {
    var used: [UInt64: Int] = [:]
    for (index, view) in views.enumerated() {
      let root = Array((index == 0 ? "" : "/proc/\(view.process)/root").utf8)
      for mount in view.mounts.mounts where mount.kind != "hugetlbfs" {
        let point = FilePath(bytes: root + mount.point.bytes)
        guard let device = mount.deviceNumber, used[device] == nil,
          // Another one may be mounted over it.
          let status = try? FileSystem.status(point), UInt64(status.st_dev) == device,
          let room = try? MemoryFileSystem.at(point), room.kind == .tmpfs,
          let total = room.total, let free = room.free
        else { continue }
        used[device] = max(0, total - free)
      }
    }
    return used
  }
}
