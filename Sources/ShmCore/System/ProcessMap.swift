import CShm

/// One line of /proc/PID/maps. proc_pid_maps(5)
///
/// ```swift
/// import ShmCore
/// import ShmInspection
///
/// for mapping in try RegionInspection(RegionReference("cache")).mappings.mappings {
///   print(mapping.map.addresses, mapping.map.displayName)
/// }
/// ```
public struct ProcessMap: Hashable, Sendable {
  /// The addresses, in that process.
  public let addresses: Range<UInt64>
  /// Whether loads are allowed.
  public let isReadable: Bool
  /// Whether stores are allowed.
  public let isWritable: Bool
  /// Whether it is shared; a private one is copy-on-write.
  public let isShared: Bool
  /// Its offset in the region, in bytes.
  public let offset: UInt64
  /// The region that it maps; device 0 is memory of no file. Of a System V segment the namespace is 0
  /// until `resolved(in:)`.
  public internal(set) var identity: RegionIdentity
  /// The path as the kernel shows it: with ` (deleted)` after a removed name.
  public let path: [UInt8]

  /// The path as text that is safe for a terminal and for one line.
  public var displayName: String { Escaping.printable(path) }

  /// A mapping as the ioctl `PROCMAP_QUERY` of /proc/PID/maps returns it. Linux 6.11, Documentation/filesystems/proc.rst
  init(_ mapping: cshm_mapping, path: [UInt8]) {
    addresses = mapping.start..<max(mapping.start, mapping.end)
    isReadable = mapping.flags & 1 != 0
    isWritable = mapping.flags & 2 != 0
    isShared = mapping.flags & 8 != 0
    offset = mapping.offset
    identity = RegionIdentity(device: Self.deviceNumber(of: mapping), inode: mapping.inode)
    self.path = path
  }

  /// The device of such a mapping.
  static func deviceNumber(of mapping: cshm_mapping) -> UInt64 {
    deviceNumber(major: UInt64(mapping.major), minor: UInt64(mapping.minor))
  }

  /// Parses one line; nil for a line of another form.
  ///
  /// - Complexity: linear in the line.
  package init?(parsing line: ArraySlice<UInt8>) {
    // address-address perms offset major:minor inode   path, which may hold anything
    var rest = line
    func word() -> ArraySlice<UInt8>? {
      let word = rest.prefix { $0 != UInt8(ascii: " ") }
      guard !word.isEmpty, word.endIndex < rest.endIndex || word.endIndex == line.endIndex else {
        return nil
      }
      rest = rest[word.endIndex...].drop { $0 == UInt8(ascii: " ") }
      return word
    }
    func pair(_ word: ArraySlice<UInt8>, _ separator: Character) -> (UInt64, UInt64)? {
      guard let ascii = separator.asciiValue, let middle = word.firstIndex(of: ascii),
        let first = ProcText.hexadecimal(word[..<middle]),
        let second = ProcText.hexadecimal(word[(middle + 1)...])
      else { return nil }
      return (first, second)
    }
    guard let addresses = word().flatMap({ pair($0, "-") }), addresses.0 <= addresses.1,
      let permissions = word(), permissions.count == 4,
      let offset = word().flatMap({ ProcText.hexadecimal($0) }),
      let device = word().flatMap({ pair($0, ":") }), device.0 <= 0xFFFF_FFFF,
      device.1 <= 0xFFFF_FFFF,
      let inode = word().flatMap({ ProcText.decimal($0) })
    else { return nil }
    self.addresses = addresses.0..<addresses.1
    let flags = Array(permissions)
    isReadable = flags[0] == UInt8(ascii: "r")
    isWritable = flags[1] == UInt8(ascii: "w")
    isShared = flags[3] == UInt8(ascii: "s")
    self.offset = offset
    identity = RegionIdentity(
      device: Self.deviceNumber(major: device.0, minor: device.1), inode: UInt64(inode))
    path = Array(rest)
  }

  /// st_dev as glibc's makedev(3) builds it from major and minor.
  package static func deviceNumber(major: UInt64, minor: UInt64) -> UInt64 {
    (major & 0xFFF) << 8 | (major & ~0xFFF) << 32 | (minor & 0xFF) | (minor & ~0xFF) << 12
  }
}

extension ProcessMap {
  /// Whether it maps a file or a segment, and not memory of the process alone. A segment may have the
  /// inode 0, a file system never the device 0.
  package var isOfRegion: Bool { identity.device != 0 || identity.inode != 0 }

  /// Whether it can be a mapping of a System V segment, by its path.
  package var isSegment: Bool {
    path.starts(with: "/SYSV".utf8) && RegionKind.isSegment(KernelPath(path).withoutMark)
  }

  /// The same mapping with the identity of the segment in the namespace of a process.
  package func resolved(in namespace: UInt64) -> ProcessMap {
    guard isSegment else { return self }
    var map = self
    map.identity = RegionIdentity(
      segment: identity.inode, namespace: namespace, device: identity.device)
    return map
  }

  /// Whether both map the same file or segment, if both are mappings of one process.
  package func hasSameRegion(as other: ProcessMap) -> Bool {
    identity.device == other.identity.device && identity.inode == other.identity.inode
  }
}
