import CShm
import Glibc
import ShmCore
import SystemPackage

/// How a region that processes hold can be reached and named from here.
struct RegionAccess {
  /// Its name, without the kernel's mark of a removed file.
  let name: [UInt8]
  /// Whether its name leads to it.
  let visibility: RegionInventory.Entry.Visibility
  /// A reference for the user; nil if no reference is possible.
  let reference: RegionReference?
  /// The path to open it, usually a link in /proc; nil if it cannot be opened.
  let path: FilePath?

  private let seen: stat?

  init(
    _ identity: RegionIdentity, _ sighting: ProcessScan.Sighting,
    _ kind: RegionKind, _ name: [UInt8], _ mounts: MemoryMounts?
  ) {
    let process: Int32
    var link: FilePath
    var reference: RegionReference?
    switch sighting.place {
    case .descriptor(let owner, let number):
      process = owner
      link = FilePath("/proc/\(owner)/fd/\(number)")
      reference = .descriptor(process: sighting.users.first?.process ?? owner, number: number)
    case .mapping(let owner, let addresses):
      process = owner
      let from = String(addresses.lowerBound, radix: 16)
      let to = String(addresses.upperBound, radix: 16)
      link = FilePath("/proc/\(owner)/map_files/\(from)-\(to)")
    }
    var status = sighting.status
    var name = name
    var visibility = RegionInventory.Entry.Visibility.named
    if status == nil, let followed = try? FileSystem.followedStatus(link),
      kind == .systemV || RegionIdentity(followed) == identity
    {
      status = followed
    }
    if kind.hasName {
      if let named = RegionPathName.place(sighting.path, identity, seenBy: process) {
        status = status ?? named.status
        link = named.path
        let found = RegionPathName.reference(named.path, isOwn: named.isOwn)
        name = if case .posix(let posix) = found { posix.bytes } else { named.path.bytes }
        reference = found
      } else {
        visibility = Self.visibility(of: sighting.path, identity, status, mounts)
        if visibility == .removed { name = RegionPathName.withoutMark(name) }
      }
    }
    (self.name, self.visibility, self.reference, seen) = (name, visibility, reference, status)
    path = status == nil ? nil : link
  }

  /// Why a path does not lead to the region. The kernel marks the path of a removed name, but a name can
  /// itself end in the mark, and a region that has lost one name can have another name.
  private static func visibility(
    of path: [UInt8], _ identity: RegionIdentity, _ status: stat?, _ mounts: MemoryMounts?
  ) -> RegionInventory.Entry.Visibility {
    let shown = KernelPath(path)
    if status?.st_nlink == 0 || shown.isMarked && !Self.canBeName(shown, identity, status) {
      return .removed
    }
    guard let mounts else { return .unknown }
    if !mounts.isKnown(identity.device) { return .unmounted }
    guard mounts.covers(path, identity.device) else { return .unknown }
    // Only a file whose status is readable is known to be another file.
    do throws(Errno) {
      return UInt64(try FileSystem.status(FilePath(bytes: path)).st_dev) == identity.device
        ? .unknown : .hidden
    } catch {
      return error == .noSuchFileOrDirectory ? .hidden : .unknown
    }
  }

  /// Whether a marked path can be the name of a region that still has a name. It cannot if its directory is visible
  /// here, because the path would then lead to the region.
  private static func canBeName(
    _ path: KernelPath, _ identity: RegionIdentity, _ status: stat?
  ) -> Bool {
    guard let status, status.st_nlink > 0 else { return false }
    let directory = FilePath(bytes: path.shown).removingLastComponent()
    guard let parent = try? FileSystem.status(directory) else { return true }
    return UInt64(parent.st_dev) != identity.device
  }

  /// Its status by stat(2); nil without permission.
  func status(isHuge: Bool) -> RegionStatus? {
    seen.map {
      RegionStatus(
        $0, created: nil, pageSize: isHuge ? Int($0.st_blksize) : PageMath.pageSize)
    }
  }
}
