import CShm
import SystemPackage

/// The temporary name of a region during its removal: `.shmtool-removing-INODE-RANDOM-NAME`.
///
/// If the removal is killed, this name records the region and its original name. An original name that does not
/// fit is omitted.
package struct RemovalName {
  /// The common prefix.
  static let prefix = ".shmtool-removing-"

  /// The inode of the region that is meant to be removed.
  package let inode: UInt64
  /// The name that it had; nil if it was too long.
  package let original: [UInt8]?
  /// The name itself.
  let bytes: [UInt8]

  /// Creates a new unique name.
  init(_ name: [UInt8], of inode: UInt64) {
    let random = String(cshm_random() & 0xFFFF_FFFF, radix: 16)
    let start = Array("\(Self.prefix)\(String(inode, radix: 16))-\(random)".utf8)
    let fits = start.count + 1 + name.count <= RegionName.maximumLength
    self.inode = inode
    original = fits ? name : nil
    bytes = fits ? start + [UInt8(ascii: "-")] + name : start
  }

  /// Parses a name; nil for any other name.
  package init?(parsing bytes: [UInt8]) {
    guard bytes.starts(with: Self.prefix.utf8) else { return nil }
    let parts = bytes.dropFirst(Self.prefix.utf8.count).split(
      separator: UInt8(ascii: "-"), maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count >= 2, let inode = ProcText.hexadecimal(parts[0]),
      ProcText.hexadecimal(parts[1]) != nil, parts.count == 2 || !parts[2].isEmpty
    else { return nil }
    self.inode = inode
    original = parts.count == 3 ? Array(parts[2]) : nil
    self.bytes = bytes
  }
}
