import Glibc
public import ShmCore
import SystemPackage

/// The mount of a region's file system, also in the mount namespaces of other processes.
///
/// ```swift
/// if let mount = try RegionInspection(RegionReference("cache")).mount {
///   print(mount.mount.point, mount.mount.option("size") ?? "no limit")
/// }
/// ```
public struct RegionMount: Sendable {
  /// How a region is reached through a mount.
  public enum Reach: String, Sendable {
    /// By a path of this process.
    case own
    /// By a path of `process` alone: the mount belongs to another namespace.
    case other
    /// Not by a path, because another mount covers it.
    case covered
  }

  /// The mount.
  public let mount: MountTable.Mount
  /// How it is reached.
  public let reach: Reach
  /// A process that sees the mount; nil if this one does.
  public let process: Int32?

  /// Finds the mount through which a region was opened.
  ///
  /// A file system can be mounted at several places. The kernel reports the mount of an open file. A mount that is not
  /// visible to this process can be visible to processes that use the region. proc_pid_fdinfo(5), `mnt_id`
  ///
  /// - Parameters:
  ///   - region: the region, open.
  ///   - path: the path that the kernel shows for it.
  ///   - identity: the identity of the region.
  ///   - processes: the processes that may see its mount.
  ///   - own: the mounts that this process sees.
  /// - Returns: the mount; nil if no mount is visible.
  static func find(
    of region: borrowing Region, _ path: [UInt8]?, _ identity: RegionIdentity,
    seenBy processes: [Int32], own: MountTable
  ) -> RegionMount? {
    let number = identifier(region.rawDescriptor)
    func mount(in table: MountTable) -> MountTable.Mount? {
      table.mounts.first { $0.identifier == number }
    }
    if let found = mount(in: own) ?? (number == nil ? own.mount(ofDevice: identity.device) : nil) {
      return RegionMount(mount: found, reach: reach(path, identity), process: nil)
    }
    for process in candidates(processes) {
      let table = MountTable.seen(by: process)
      if let found = mount(in: table) {
        return RegionMount(mount: found, reach: .other, process: process)
      }
    }
    return nil
  }

  private static func reach(_ path: [UInt8]?, _ identity: RegionIdentity) -> Reach {
    // The marked path of a removed name leads to no file, but a name can itself end in the mark.
    guard let path, let status = try? FileSystem.status(FilePath(bytes: path)),
      UInt64(status.st_dev) != identity.device
    else { return .own }
    return .covered
  }

  /// The number of the mount of an open file; nil without /proc.
  private static func identifier(_ raw: Int32) -> Int? {
    guard let text = try? FileSystem.contents(of: FilePath("/proc/self/fdinfo/\(raw)")) else {
      return nil
    }
    for line in ProcText.lines(text) {
      if let field = ProcText.field(line), field.name == "mnt_id" {
        return ProcText.decimal(field.value)
      }
    }
    return nil
  }

  /// The given processes first, then one of each further mount namespace.
  private static func candidates(_ first: [Int32]) -> [Int32] {
    var seen: Set<FilePath> = []
    if let own = try? FileSystem.link("/proc/self/ns/mnt") { seen.insert(own) }
    let others = ((try? FileSystem.names(in: "/proc")) ?? []).compactMap { Int32($0.string) }
    return (first + others).filter { process in
      let link = ProcessThreads.directory(of: process).appending("ns/mnt")
      return (try? FileSystem.link(link)).map { seen.insert($0).inserted } ?? false
    }
  }
}
