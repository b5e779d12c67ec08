import Glibc
public import ShmCore
public import SystemPackage

/// Which control groups are charged for a region's pages: the group of the process that touched a page
/// first, and not of those that use it now. A container can be killed for memory that another one filled.
///
/// ```swift
/// let region = try Region.open(RegionReference("cache"), access: .readOnly)
/// for charge in PageCharges(of: region)?.charges ?? [] {
///   print(charge.group?.path ?? "?", charge.bytes)
/// }
/// ```
public struct PageCharges: Hashable, Sendable {
  /// A memory group that can be seen from here.
  public struct Group: Hashable, Sendable {
    /// The version of the hierarchy, 1 or 2.
    public let version: Int
    /// The path within the hierarchy, as far as that is mounted here.
    public let path: FilePath
  }

  /// The charge of one group.
  public struct Charge: Hashable, Sendable {
    /// The number of the group's directory; 0 for pages that no group is charged for. Of a group that was
    /// removed it is the number of the nearest one above that is left.
    public let inode: UInt64
    /// The group; nil if it cannot be seen from here.
    public let group: Group?
    /// In bytes.
    public let bytes: Int
  }

  /// The groups, the largest charge first. Reserved pages that were never written and pages in swap are also charged,
  /// but the kernel does not report their group.
  public let charges: [Charge]

  /// Up to this size, in bytes, the pages of a region are counted in a few hundredths of a second.
  public static let quickly = 512 << 20

  /// Whether this process may see which groups are charged.
  public static var mayBeSeen: Bool { FrameTable.mayBeSeen }

  /// The bytes whose group is known.
  public var bytes: Int { charges.reduce(0) { $0 + $1.bytes } }

  /// Looks. Pages that are in RAM are mapped for a moment, without marking them as used; no other page is
  /// touched. It is nil without CAP_SYS_ADMIN in the initial user namespace, for huge pages of the pool, and
  /// if the kernel has no memory groups.
  ///
  /// - Parameter region: open for reading.
  /// - Complexity: linear in the pages that are in RAM, and in the groups of the host.
  public init?(of region: borrowing Region) {
    guard let reader = ChargeReader() else { return nil }
    self.init(region.rawDescriptor, by: reader)
  }

  init?(_ raw: CInt, by reader: borrowing ChargeReader) {
    guard let sums = reader.sums(raw) else { return nil }
    var charges: [Charge] = []
    for (inode, bytes) in sums {
      charges.append(Charge(inode: inode, group: reader.groups.group(inode), bytes: bytes))
    }
    self.charges = charges.sorted { ($1.bytes, $0.inode) < ($0.bytes, $1.inode) }
  }
}

/// The memory groups of the host by the numbers of their directories.
final class ChargedGroups {
  private var found: [UInt64: PageCharges.Group]?
  private let mounts: MountTable

  init(mounts: MountTable = .current()) {
    self.mounts = mounts
  }

  /// The group of a number; nil if it cannot be seen from here. The directories are walked once.
  func group(_ inode: UInt64) -> PageCharges.Group? {
    if inode == 0 { return nil }
    if found == nil { found = Self.walk(mounts) }
    return found?[inode]
  }

  private static func walk(_ mounts: MountTable) -> [UInt64: PageCharges.Group] {
    let first = ControlGroups.hierarchy("memory", mounts.mounts)
    guard let mount = first ?? ControlGroups.hierarchy(nil, mounts.mounts) else { return [:] }
    let version = first == nil ? 2 : 1
    var found: [UInt64: PageCharges.Group] = [:]
    var open: [[FilePath.Component]] = [[]]
    while let names = open.popLast() {
      let directory = mount.point.appending(names)
      guard let status = try? FileSystem.status(directory), status.st_mode & S_IFMT == S_IFDIR
      else { continue }
      found[UInt64(status.st_ino)] = PageCharges.Group(
        version: version, path: FilePath(root: "/", names))
      // A directory has two links, and one more for each directory in it.
      guard status.st_nlink != 2, let all = try? FileSystem.names(in: directory) else { continue }
      for name in all where !name.bytes.contains(UInt8(ascii: ".")) || mayBeGroup(name, directory) {
        open.append(names + [name])
      }
    }
    return found
  }

  /// The files of a group have a dot in their names, and a few groups have one, too.
  private static func mayBeGroup(_ name: FilePath.Component, _ directory: FilePath) -> Bool {
    let mode = (try? FileSystem.status(directory.appending(name)))?.st_mode
    return mode.map { $0 & S_IFMT == S_IFDIR } ?? false
  }
}
