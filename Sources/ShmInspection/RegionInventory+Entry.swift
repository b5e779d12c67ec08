import Glibc
public import ShmCore
import SystemPackage

extension RegionInventory {
  /// One region of the list. Unknown values are nil, never 0.
  public struct Entry: Sendable {
    /// Whether the name of a region leads to it.
    public enum Visibility: String, Sendable {
      /// It does, here or in the mount namespace of a process that uses it; or it never had a name.
      case named
      /// The name was removed.
      case removed
      /// Another mount lies over the one that it is on.
      case hidden
      /// The file system is mounted nowhere any more, and in use still.
      case unmounted
      /// The directory cannot be searched.
      case unknown
    }

    /// What it is.
    public let kind: RegionKind
    /// Its name's bytes, whatever they are; a path for a file, empty for what never had one.
    public let name: [UInt8]

    /// The name as text that is safe for a terminal and for one line.
    public var displayName: String { Escaping.printable(name) }

    /// A reference to open or inspect it; nil if no reference is possible.
    public let reference: RegionReference?
    /// Which region it is; of a System V segment the inode is its number.
    public let identity: RegionIdentity
    /// Whether its name was removed.
    public let isRemoved: Bool
    /// Whether its name can be reached, and if not, why.
    public let visibility: Visibility
    /// Its status by stat(2); nil for a System V segment, and without permission.
    public let status: RegionStatus?
    /// The kernel's entry of a System V segment.
    public let segment: SystemVSegment?
    /// Whether its pages come from a pool of huge ones, which are never swapped.
    public internal(set) var hasHugePages = false
    /// Whether the scan found the region by its name, in the directory of POSIX objects or on a hugetlbfs mount. false
    /// if it was found only through a process.
    package var isFoundByName: Bool { root != nil }
    /// The directory in which the region was found by name; nil if it was found through a process.
    package internal(set) var root: FilePath?
    /// Whether its pages are never paged out, wired or not: huge pages of a pool, and those of a tmpfs
    /// mounted `noswap`.
    public internal(set) var isInherentlyUnswappable = false
    /// The processes that use it, but for this one.
    public internal(set) var users: [RegionUser] = []
    /// Whether it is in use.
    public internal(set) var use: RegionUse = .unknown
    /// Whether `users` is complete.
    public internal(set) var usersComplete = false
    /// The seals of a memfd.
    public internal(set) var seals: Seals?
    /// The bytes that are in RAM and valid.
    public internal(set) var resident: Int?
    /// The bytes that are swapped out.
    public internal(set) var swapped: Int?
    /// The bytes that cannot be swapped out: under a lock of a process that may be looked at, locked by
    /// shmctl(2), or unswappable by their nature.
    public internal(set) var wired: Int?
    /// The control groups that are charged for its pages; nil if they may not be seen, or were not asked
    /// for.
    public internal(set) var charges: PageCharges?
    /// The bytes that lie on huge pages.
    public internal(set) var huge: Int?

    /// Its length in bytes; of anonymous memory that may not be looked at, as far as it is mapped.
    public var size: Int? {
      if let known = status?.size ?? segment?.size { return known }
      guard kind == .anonymous else { return nil }
      let ends = users.flatMap(\.mappings).map { map in
        Int(clamping: map.offset)
          &+ Int(clamping: map.addresses.upperBound - map.addresses.lowerBound)
      }
      return ends.max()
    }

    /// The bytes that memory is charged for: reserved, written, or swapped out.
    public var allocated: Int? {
      status?.allocated ?? segment.map { $0.resident &+ $0.swapped }
    }

    /// The user who owns it.
    public var owner: UInt32? { kind == .systemV ? segment?.owner : status?.owner }

    /// The permission bits.
    public var mode: FilePermissions? { kind == .systemV ? segment?.mode : status?.mode }

    /// When it was made or last written, see `RegionStatus.lastChange`; of a System V segment, made or
    /// changed by shmctl(2). In seconds since 1970.
    public var lastChange: Int? { status?.lastChange ?? segment?.changed }

    init(
      _ kind: RegionKind, name: [UInt8], reference: RegionReference?, identity: RegionIdentity,
      visibility: Visibility = .named, status: RegionStatus? = nil, segment: SystemVSegment? = nil
    ) {
      self.kind = kind
      self.name = name
      self.reference = reference
      self.identity = identity
      isRemoved = visibility == .removed
      self.visibility = visibility
      self.status = status
      self.segment = segment
    }

    /// A file in the directory of POSIX objects; nil if it was removed meanwhile, or if it is not a region.
    init?(posix name: FilePath.Component) {
      let path = RegionName.directory.appending(name)
      guard let status = try? FileSystem.status(path),
        RegionStatus.kindOfOther(status.st_mode) == nil
      else { return nil }
      let bytes = name.bytes
      self.init(
        RegionKind(posixName: bytes), name: bytes,
        reference: (try? RegionName(bytes: bytes)).map { .posix($0) },
        identity: RegionIdentity(status),
        status: RegionStatus(
          status, created: FileSystem.birthTime(path), pageSize: PageMath.pageSize))
    }

    /// Whether it is in use, by a scan that included it.
    ///
    /// - Parameter scan: the users of regions.
    /// - Returns: the proven use.
    package func use(in scan: RegionUsers) -> RegionUse {
      if let status { return RegionUse.of(status, reference?.path, in: scan) }
      let users = scan.users(of: identity).map(\.process)
      return users.isEmpty ? .unknown : .used(users)
    }
  }
}
