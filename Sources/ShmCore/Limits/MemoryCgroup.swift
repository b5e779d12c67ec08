public import SystemPackage

/// One control group that bounds the memory of a process, with its figures. cgroups(7)
///
/// ```swift
/// for group in MemoryCgroup.bounding() {
///   print(group.path, group.available ?? -1)
/// }
/// ```
public struct MemoryCgroup: Hashable, Sendable {
  /// The version of the hierarchy, 1 or 2.
  public let version: Int
  /// The group's path within its hierarchy.
  public let path: FilePath
  /// The limit in bytes; nil for none.
  public let limit: Int?
  /// What is charged to it, in bytes, the page cache among it.
  public let used: Int
  /// What of that the kernel can take back: pages of files on disks.
  public let reclaimable: Int

  /// The bytes that the limit leaves; nil for no limit.
  public var available: Int? {
    limit.map { max(0, $0 - max(0, used - reclaimable)) }
  }

  /// Every group that bounds a process: its own and all above, of both versions, the innermost
  /// first. Groups that cannot be read from here are left out.
  ///
  /// - Parameter process: its number; nil for this one.
  /// - Returns: the groups with their figures of now.
  public static func bounding(_ process: Int32? = nil) -> [MemoryCgroup] {
    let who = process.map { "\($0)" } ?? "self"
    guard let text = try? FileSystem.contents(of: FilePath("/proc/\(who)/cgroup")) else {
      return []
    }
    let mounts = MountTable.current().mounts
    var groups: [MemoryCgroup] = []
    for line in ProcText.lines(text) {
      // hierarchy:controllers:path
      let parts = line.split(
        separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let isUnified = parts[0].elementsEqual("0".utf8) && parts[1].isEmpty
      let controllers = parts[1].split(separator: UInt8(ascii: ","))
      guard isUnified || controllers.contains(where: { $0.elementsEqual("memory".utf8) }),
        let mount = mounts.first(where: {
          isUnified ? $0.kind == "cgroup2" : $0.kind == "cgroup" && $0.option("memory") != nil
        })
      else { continue }
      groups += chain(
        of: FilePath(bytes: Array(parts[2])), at: mount, version: isUnified ? 2 : 1)
    }
    return groups
  }

  private static func chain(
    of path: FilePath, at mount: MountTable.Mount, version: Int
  ) -> [MemoryCgroup] {
    // In a container the hierarchy is mounted from the container's own group on.
    var names = Array(path.components)
    let root = mount.root.components
    if names.starts(with: root) { names.removeFirst(root.count) }
    var groups: [MemoryCgroup] = []
    while true {
      let directory = mount.point.appending(names)
      if let group = read(directory, path: FilePath(root: "/", names), version: version) {
        groups.append(group)
      }
      if names.popLast() == nil { return groups }
    }
  }

  private static func read(_ directory: FilePath, path: FilePath, version: Int) -> MemoryCgroup? {
    func number(_ file: String) -> Int? {
      (try? FileSystem.contents(of: directory.appending(file)))
        .flatMap { ProcText.lines($0).first }.flatMap { ProcText.decimal($0) }
    }
    let names =
      version == 1
      ? (
        limit: "memory.limit_in_bytes", used: "memory.usage_in_bytes",
        reclaimable: ["total_inactive_file", "total_active_file"]
      )
      : (
        limit: "memory.max", used: "memory.current",
        reclaimable: ["inactive_file", "active_file"]
      )
    guard let used = number(names.used) else { return nil }
    let statistics = (try? FileSystem.contents(of: directory.appending("memory.stat"))) ?? []
    var reclaimable = 0
    for line in ProcText.lines(statistics) {
      let words = ProcText.words(line)
      if words.count == 2, let value = ProcText.decimal(words[1]),
        names.reclaimable.contains(where: { $0.utf8.elementsEqual(words[0]) })
      {
        reclaimable += value
      }
    }
    // "max" is no number; version 1 writes its "none" as a number larger than any machine.
    let limit = number(names.limit).flatMap { $0 >= 1 << 60 ? nil : $0 }
    return MemoryCgroup(
      version: version, path: path, limit: limit, used: used, reclaimable: reclaimable)
  }
}
