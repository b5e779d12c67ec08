import Glibc
package import SystemPackage

/// The control groups of a process, in the hierarchies that are mounted here. cgroups(7)
package struct ControlGroups {
  /// One group of a hierarchy that has the controller which was asked for.
  package struct Group {
    /// The version of the hierarchy, 1 or 2.
    package let version: Int
    /// The group's path within its hierarchy, as far as that is mounted here.
    let path: FilePath
    /// The directory of its files.
    package let directory: FilePath
    /// The options of the mount.
    let mount: MountTable.Mount
  }

  private let text: [UInt8]
  private let mounts: [MountTable.Mount]
  private let process: Int32?

  /// The groups that /proc names.
  ///
  /// - Parameter process: its number; nil for this one.
  package init(of process: Int32? = nil) {
    let path = FilePath("/proc/\(process.map { "\($0)" } ?? "self")/cgroup")
    let text = (try? FileSystem.contents(of: path)) ?? []
    self.init(
      parsing: text, mounts: text.isEmpty ? MountTable(parsing: []) : .current(), process: process)
  }

  /// Groups out of texts.
  ///
  /// - Parameters:
  ///   - text: /proc/PID/cgroup.
  ///   - mounts: the table that contains the mounts of the hierarchies.
  ///   - process: whose groups they are; nil for this process.
  package init(parsing text: [UInt8], mounts: MountTable, process: Int32? = nil) {
    self.text = text
    self.process = process
    self.mounts = mounts.mounts.filter { $0.kind == "cgroup" || $0.kind == "cgroup2" }
  }

  /// The process's own group and all above it, the innermost first.
  ///
  /// - Parameter controller: `memory`, `hugetlb`. A group of version 2 need not have it.
  /// - Returns: the groups, whether their files can be read or not.
  package func chain(for controller: String) -> [Group] {
    own(controller).map { chain(of: $0.path, for: controller, version: $0.version) } ?? []
  }

  /// The group of the process that a controller acts on. If version 1 has the controller, version 2 has not.
  private func own(_ controller: String) -> (path: FilePath, version: Int)? {
    let all = paths(for: controller)
    return all.first { $0.version == 1 } ?? all.first
  }

  /// Whether the group of the process is visible here. A process of another container is outside of the mounted
  /// hierarchies, and in a sandbox no hierarchy may be mounted. Groups above the root of a cgroup namespace are not
  /// visible inside it, and are not counted.
  ///
  /// - Parameter controller: `memory`, `hugetlb`.
  /// - Returns: false if a group may exist that cannot be seen.
  func areVisible(for controller: String) -> Bool {
    guard let own = own(controller) else { return !text.isEmpty }
    if own.path == "/", isInInitialNamespace { return true }
    return chain(of: own.path, for: controller, version: own.version).first
      .map { FileSystem.exists($0.directory.appending("cgroup.procs")) } ?? false
  }

  /// Whether the paths of groups begin at the root control group of the host, which has no limit. cgroup_namespaces(7)
  private var isInInitialNamespace: Bool {
    // The kernel's number for it, PROC_CGROUP_INIT_INO.
    (try? FileSystem.link("/proc/self/ns/cgroup")).map { $0 == "cgroup:[4026531835]" } ?? true
  }

  /// The process's own groups in the hierarchies that may have a controller.
  private func paths(for controller: String) -> [(path: FilePath, version: Int)] {
    ProcText.lines(text).compactMap { line in
      // hierarchy:controllers:path
      let parts = line.split(
        separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { return nil }
      let isUnified = parts[0].elementsEqual("0".utf8) && parts[1].isEmpty
      let controllers = parts[1].split(separator: UInt8(ascii: ","))
      guard isUnified || controllers.contains(where: { $0.elementsEqual(controller.utf8) }) else {
        return nil
      }
      return (FilePath(bytes: Array(parts[2])), isUnified ? 2 : 1)
    }
  }

  /// Whether huge pages are charged as memory, too: an option of the mount of version 2.
  var countHugePagesAsMemory: Bool {
    Self.hierarchy(nil, mounts)?.option("memory_hugetlb_accounting") != nil
  }

  /// The hierarchy of version 1 that has a controller, or that of version 2.
  package static func hierarchy(
    _ controller: String?, _ mounts: [MountTable.Mount]
  ) -> MountTable.Mount? {
    mounts.first { isHierarchy($0, controller) }
  }

  private static func isHierarchy(_ mount: MountTable.Mount, _ controller: String?) -> Bool {
    guard let controller else { return mount.kind == "cgroup2" }
    return mount.kind == "cgroup" && mount.option(controller) != nil
  }

  private func chain(of path: FilePath, for controller: String, version: Int) -> [Group] {
    guard let (mount, names) = located(path, for: controller, version: version) else { return [] }
    var left = names
    var groups: [Group] = []
    while true {
      groups.append(
        Group(
          version: version, path: FilePath(root: "/", left),
          directory: mount.point.appending(left), mount: mount))
      if left.popLast() == nil { return groups }
    }
  }

  /// The mount that shows a group of the process, and the path of the group in it; nil if no mount shows it.
  private func located(
    _ path: FilePath, for controller: String, version: Int
  ) -> (mount: MountTable.Mount, names: [FilePath.Component])? {
    let names = Array(path.components)
    // Above the root of this process's namespace: another container's.
    if names.contains(where: { $0.kind == .parentDirectory }) { return nil }
    let all = mounts.filter { Self.isHierarchy($0, version == 2 ? nil : controller) }
    // In a container the hierarchy is mounted from the container's own group on. The mount that shows the
    // most groups above counts, and of several the last, which may hide the others.
    var best: MountTable.Mount?
    for mount in all where names.starts(with: mount.root.components) {
      if mount.root.components.count <= best?.root.components.count ?? .max { best = mount }
    }
    if let best { return (best, Array(names.dropFirst(best.root.components.count))) }
    // A mount that is older than the cgroup namespace shows a root above the root of the namespace. The kernel does not
    // report the names between them.
    for mount in all
    where !mount.root.components.isEmpty
      && mount.root.components.allSatisfy({ $0.kind == .parentDirectory })
    {
      let depth = mount.root.components.count
      if let found = search(mount.point, depth: depth, names) { return (mount, found) }
    }
    return nil
  }

  /// The maximum number of groups to search for the group of the process.
  private static let searchLimit = 4096

  /// Looks for the process among the groups of a depth, with known names below it.
  private func search(
    _ top: FilePath, depth: Int, _ names: [FilePath.Component]
  ) -> [FilePath.Component]? {
    let number = Array("\(process ?? getpid())".utf8)
    var level: [[FilePath.Component]] = [[]]
    for _ in 0..<depth {
      var next: [[FilePath.Component]] = []
      for parent in level where next.count < Self.searchLimit {
        let directory = top.appending(parent)
        for name in (try? FileSystem.names(in: directory)) ?? [] {
          let child = directory.appending(name)
          guard (try? FileSystem.status(child)).map({ $0.st_mode & S_IFMT == S_IFDIR }) == true
          else { continue }
          next.append(parent + [name])
        }
      }
      level = next
    }
    return level.map { $0 + names }.first { group in
      let text = try? FileSystem.contents(of: top.appending(group).appending("cgroup.procs"))
      return ProcText.lines(text ?? []).contains { $0.elementsEqual(number) }
    }
  }
}

extension ControlGroups.Group {
  /// The number in a file of the group; nil if the file does not exist or contains `max`.
  func number(_ file: String) -> Int? {
    (try? FileSystem.firstLine(of: directory.appending(file))).flatMap { ProcText.decimal($0) }
  }

  /// The limit that a file of the group holds; nil if it sets no limit.
  func limit(_ file: String) -> Int? {
    // Version 1 writes "no limit" as a number that no machine has.
    number(file).flatMap { $0 >= 1 << 60 ? nil : $0 }
  }
}
