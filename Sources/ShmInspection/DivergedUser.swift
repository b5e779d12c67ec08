import CShm
import Glibc
public import ShmCore
import SystemPackage

/// A process that maps the same file as a mapping of this process, and yet other pages.
///
/// On overlayfs a file of a lower layer is copied to the upper layer when a process opens it for writing. A
/// process that mapped the file before keeps the pages of the lower file. /proc/PID/maps shows the same
/// device and inode for both: only the page frames tell them apart.
///
/// ```swift
/// let region = try Region.open(RegionReference("/usr/bin/python3"), access: .readOnly)
/// let mapping = try Mapping(of: region, protection: .readOnly)
/// for user in DivergedUser.users(of: mapping) { print(user.process, user.bytes) }
/// ```
public struct DivergedUser: Sendable {
  /// The process.
  public let process: Int32
  /// Its command, as the kernel keeps it.
  public let command: [UInt8]

  /// The command name, escaped for one line of a terminal.
  public var displayName: String { Escaping.printable(command) }
  /// The bytes that both have in RAM in different page frames: at least so many of the process's pages
  /// are not those of the mapping.
  public let bytes: Int

  /// The processes whose mapping shows other pages of the same file than this mapping, for example after an overlayfs
  /// copy-up.
  ///
  /// - Parameter mapping: a mapping of a file on overlayfs. For other files the result is empty.
  /// - Returns: the processes; empty also if the page frames cannot be read, which requires root.
  /// - Complexity: linear in the mappings of the host and the pages of the mapping.
  public static func users(of mapping: borrowing Mapping) -> [DivergedUser] {
    guard let type = try? mapping.descriptor.fileSystemStatus().type, type == overlay,
      FrameTable.isVisible, let own = ownMap(of: mapping),
      let pages = try? FileSystem.open("/proc/self/pagemap", O_RDONLY),
      let scan = try? RegionUsers.scan(for: [own.identity])
    else { return [] }
    var found: [DivergedUser] = []
    for user in scan.users(of: own.identity) {
      guard
        let theirs = try? FileSystem.open(
          ProcessThreads.directory(of: user.process).appending("pagemap"), O_RDONLY)
      else { continue }
      let bytes = user.mappings.reduce(0) { $0 + differing($1, theirs, own, pages) }
      if bytes > 0 {
        found.append(DivergedUser(process: user.process, command: user.command, bytes: bytes))
      }
    }
    return found
  }

  private static var overlay: Int64 { 0x794C_7630 }

  /// The mapping as the kernel shows it to others.
  private static func ownMap(of mapping: borrowing Mapping) -> ProcessMap? {
    let address = UInt64(mapping.address)
    let text = (try? FileSystem.contents(of: "/proc/self/maps")) ?? []
    for line in ProcText.lines(text) {
      if let map = ProcessMap(parsing: line), map.addresses.contains(address) { return map }
    }
    return nil
  }

  /// The bytes of the file that both mappings have in RAM in different frames.
  private static func differing(
    _ map: ProcessMap, _ theirs: borrowing OwnedDescriptor, _ own: ProcessMap,
    _ ours: borrowing OwnedDescriptor
  ) -> Int {
    let size = UInt64(PageMath.pageSize)
    func offsets(_ map: ProcessMap) -> Range<UInt64> {
      let length = map.addresses.upperBound - map.addresses.lowerBound
      let (end, overflow) = map.offset.addingReportingOverflow(length)
      return map.offset..<(overflow ? .max : end)
    }
    let common = offsets(map).clamped(to: offsets(own))
    var bytes = 0
    var offset = common.lowerBound
    while offset < common.upperBound {
      let count = Int(min(8192, (common.upperBound - offset) / size))
      if count == 0 { break }
      let first = (map.addresses.lowerBound + (offset - map.offset)) / size
      let ownFirst = (own.addresses.lowerBound + (offset - own.offset)) / size
      let one = theirs.words(from: first, count: count)
      let other = ours.words(from: ownFirst, count: count)
      for index in 0..<min(one.count, other.count) where differ(one[index], other[index]) {
        // A page that was moved in between is in the same frame now.
        let again = theirs.words(from: first + UInt64(index), count: 1)
        let ownAgain = ours.words(from: ownFirst + UInt64(index), count: 1)
        if let one = again.first, let other = ownAgain.first, differ(one, other) {
          bytes += Int(size)
        }
      }
      offset += UInt64(count) * size
    }
    return bytes
  }

  /// Whether both are pages of files, in different frames.
  private static func differ(_ one: UInt64, _ other: UInt64) -> Bool {
    let (one, other) = (PagemapEntry(one), PagemapEntry(other))
    guard one.isShared, other.isShared, let frame = one.frame, let otherFrame = other.frame
    else { return false }
    return frame != otherFrame
  }
}
