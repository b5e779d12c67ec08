import CShm
package import Glibc
import SystemPackage

/// Defines shared memory: files on tmpfs, ramfs and hugetlbfs, and memfds, which lie on internal mounts of these.
/// Only such files are created, changed and removed by name. A file on another file system can be a document, a
/// disk, or an interface of the kernel.
package enum SharedMemory {
  /// Throws unless the open file is shared memory. fstatfs(2)
  ///
  /// - Parameters:
  ///   - descriptor: the file, open for anything; `O_PATH` is enough.
  ///   - attempt: the words for errors.
  ///   - status: its status; nil reads the status only for the error.
  /// - Throws: `ShmError` of kind `notSharedMemory`, which names the file system.
  package static func require(
    _ descriptor: borrowing OwnedDescriptor, _ attempt: String, status: stat? = nil
  ) throws(ShmError) {
    let fileSystem: MemoryFileSystem
    do {
      fileSystem = MemoryFileSystem(try descriptor.fileSystemStatus())
    } catch {
      throw ShmError(attempt, error)
    }
    guard fileSystem.kind == .other else { return }
    let device = (status ?? (try? descriptor.status())).map { UInt64($0.st_dev) }
    throw refusal("it", attempt, fileSystem, device: device)
  }

  /// The error for a file on another file system.
  ///
  /// - Parameters:
  ///   - subject: the subject of the sentence: "it", or a directory.
  ///   - attempt: the words for errors.
  ///   - fileSystem: its file system.
  ///   - device: the number of that file system, as stat(2) gives it; nil if unknown.
  /// - Returns: the error, of kind `notSharedMemory`.
  static func refusal(
    _ subject: String, _ attempt: String, _ fileSystem: MemoryFileSystem, device: UInt64?
  ) -> ShmError {
    ShmError(
      .notSharedMemory, attempt,
      """
      \(subject) is on \(name(of: fileSystem.type, device: device)), not in shared memory (tmpfs, \
      ramfs, hugetlbfs or a memfd)
      """)
  }

  /// The name of a file system: of its type, or as the table of mounts calls it if one number means
  /// several types.
  static func name(of type: Int64, device: UInt64?) -> String {
    if let name = names[type] { return name }
    let mount = device.flatMap { MountTable.current().mount(ofDevice: $0) }
    if let kind = mount?.kindBytes { return Escaping.printable(kind) }
    switch type {
    case 0xEF53: return "ext4"
    case 0x6573_5546: return "fuse"
    default: return "a file system of type 0x\(String(type, radix: 16))"
    }
  }

  /// By the numbers of linux/magic.h, and of the file systems that have theirs elsewhere.
  private static var names: [Int64: String] {
    [
      0x5846_5342: "xfs", 0x9123_683E: "btrfs", 0x2FC1_2FC1: "zfs", 0xF2F5_2010: "f2fs",
      0xCA45_1A4E: "bcachefs", 0x794C_7630: "overlay", 0x7371_7368: "squashfs",
      0xE0F5_E1E2: "erofs", 0x9660: "iso9660", 0x4D44: "vfat", 0x2011_BAB0: "exfat",
      0x6969: "nfs", 0xFF53_4D42: "cifs", 0xFE53_4D42: "cifs", 0x0102_1997: "9p",
      0x9FA0: "proc", 0x6265_6572: "sysfs", 0x0027_E0EB: "cgroup", 0x6367_7270: "cgroup2",
      0x6462_6720: "debugfs", 0x7472_6163: "tracefs", 0x7363_6673: "securityfs",
      0x6265_6570: "configfs", 0x1980_0202: "mqueue", 0x1CD1: "devpts", 0xCAFE_4A11: "bpf",
      0xDE5E_81E4: "efivarfs", 0x6165_676C: "pstore", 0x6E73_6673: "nsfs",
      0x5049_4446: "pidfs", 0x0904_1934: "anon_inodefs", 0x5345_434D: "secretmem",
    ]
  }
}
