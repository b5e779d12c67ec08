import CShm
import Glibc
import ShmCore
import SystemPackage

/// The file systems in memory, such as tmpfs and hugetlbfs, in one mount namespace.
struct MemoryMounts {
  /// The numbers of the file systems in memory, and whether their pages are huge.
  private let devices: [UInt64: Bool]
  /// The numbers of all other file systems.
  private let others: Set<UInt64>
  /// The file systems without a mount.
  private let hidden: [UInt64: Bool]
  /// The mount points of each file system in memory.
  private let places: [UInt64: [FilePath]]
  /// The mount points of file systems, the longest first, and of equal paths the last mount first.
  private let points: [(path: [UInt8], isMemory: Bool)]
  /// The mounts in memory, each file system once.
  let mounts: [MountTable.Mount]

  /// The kinds that are made of memory which is shared.
  private static let kinds: Set<String> = ["tmpfs", "devtmpfs", "hugetlbfs", "ramfs", "rootfs"]

  /// By a table of mounts.
  ///
  /// - Parameters:
  ///   - table: the mounts of one namespace.
  ///   - hidden: the file systems that are mounted nowhere: `hiddenDevices`.
  init(_ table: MountTable, hidden: [UInt64: Bool]) {
    var devices = hidden
    var mounts: [MountTable.Mount] = []
    var points: [(path: [UInt8], isMemory: Bool)] = []
    var others: Set<UInt64> = []
    var places: [UInt64: [FilePath]] = [:]
    for mount in table.mounts {
      let isMemory = Self.kinds.contains(mount.kind)
      points.append((mount.point.bytes, isMemory))
      guard let device = mount.deviceNumber else { continue }
      guard isMemory else {
        others.insert(device)
        continue
      }
      places[device, default: []].append(mount.point)
      if devices.updateValue(mount.kind == "hugetlbfs", forKey: device) == nil {
        mounts.append(mount)
      }
    }
    self.devices = devices
    self.others = others
    self.places = places
    self.hidden = hidden
    self.mounts = mounts
    // The sort is stable, so after the reversal the last of equal mount points is the first.
    self.points = points.reversed().sorted { $0.path.count > $1.path.count }
  }

  /// Whether a file system is one in memory.
  func isMemory(_ device: UInt64) -> Bool { devices[device] != nil }

  /// Whether it is mounted here. The type of any other file system must be looked up.
  func isKnown(_ device: UInt64) -> Bool { devices[device] != nil || others.contains(device) }

  /// Whether the path is below a mount of it. Another mount on top can hide the file.
  func covers(_ path: [UInt8], _ device: UInt64) -> Bool {
    let path = FilePath(bytes: path)
    return (places[device] ?? []).contains { path.starts(with: $0) }
  }

  /// Whether it is mounted nowhere: that of memfds, segments and anonymous memory.
  func isHidden(_ device: UInt64) -> Bool { hidden[device] != nil }

  /// Whether it is one of huge pages from a pool.
  func isHuge(_ device: UInt64) -> Bool { devices[device] == true }

  /// Whether it is a tmpfs mounted `noswap`. tmpfs(5)
  func isNoSwap(_ device: UInt64) -> Bool {
    mounts.contains { $0.deviceNumber == device && $0.option("noswap") != nil }
  }

  /// Whether the target of a link in /proc/PID/fd is in memory: a memfd, or a path.
  func isMemory(_ path: ArraySlice<UInt8>) -> Bool {
    guard path.first == UInt8(ascii: "/") else { return false }
    if path.starts(with: Self.memfd) { return true }
    for point in points where path.starts(with: point.path) {
      let rest = path.dropFirst(point.path.count)
      if point.path.count == 1 || rest.isEmpty || rest.first == UInt8(ascii: "/") {
        return point.isMemory
      }
    }
    return false
  }

  private static let memfd = Array("/memfd:".utf8)

  /// The file systems of memfds, System V segments and shared anonymous memory, which are mounted
  /// nowhere: found by an empty memfd of each kind, gone at once. memfd_create(2)
  ///
  /// - Returns: their numbers, and whether their pages are huge.
  static func hiddenDevices() -> [UInt64: Bool] {
    var devices: [UInt64: Bool] = [:]
    func look(_ flags: CUnsignedInt) -> Bool {
      let raw = unsafe cshm_memfd_create("shmtool-look", flags)
      guard raw >= 0 else { return false }
      if let status = try? OwnedDescriptor(adopting: raw).status() {
        devices[UInt64(status.st_dev)] = flags != 0
      }
      return true
    }
    // A sandbox may refuse: it is the first file system that the kernel mounts.
    if !look(0) { devices[1] = false }
    let pools = (try? FileSystem.names(in: "/sys/kernel/mm/hugepages")) ?? []
    for pool in pools {
      let digits = pool.string.utf8.drop { !(0x30...0x39).contains($0) }.prefix { $0 != 0x6B }
      guard let kibibytes = Int(Substring(digits)), kibibytes > 0 else { continue }
      let power = CUnsignedInt((kibibytes << 10).trailingZeroBitCount)
      _ = look(cshm_MFD_HUGETLB | power << cshm_MFD_HUGE_SHIFT)
    }
    return devices
  }
}

extension MountTable.Mount {
  /// The device number, as in stat(2).
  var deviceNumber: UInt64? {
    let parts = device.split(separator: ":")
    guard parts.count == 2, let major = UInt64(parts[0]), let minor = UInt64(parts[1]),
      major <= 0xFFFF_FFFF, minor <= 0xFFFF_FFFF
    else { return nil }
    return ProcessMap.deviceNumber(major: major, minor: minor)
  }
}
