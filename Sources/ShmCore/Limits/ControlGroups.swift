import SystemPackage

/// The control groups of a process, in the hierarchies that are mounted here. cgroups(7)
package struct ControlGroups {
  /// One group of a hierarchy that has the controller which was asked for.
  struct Group {
    /// The version of the hierarchy, 1 or 2.
    let version: Int
    /// The group's path within its hierarchy, as far as that is mounted here.
    let path: FilePath
    /// Where its files are.
    let directory: FilePath
    /// The options of the mount.
    let mount: MountTable.Mount
  }

  private let text: [UInt8]
  private let mounts: [MountTable.Mount]

  /// The groups that /proc names.
  ///
  /// - Parameter process: its number; nil for this one.
  init(of process: Int32? = nil) {
    let path = FilePath("/proc/\(process.map { "\($0)" } ?? "self")/cgroup")
    let text = (try? FileSystem.contents(of: path)) ?? []
    self.init(parsing: text, mounts: text.isEmpty ? MountTable(parsing: []) : .current())
  }

  /// Groups out of texts.
  ///
  /// - Parameters:
  ///   - text: /proc/PID/cgroup.
  ///   - mounts: where the hierarchies are looked up.
  package init(parsing text: [UInt8], mounts: MountTable) {
    self.text = text
    self.mounts = mounts.mounts.filter { $0.kind == "cgroup" || $0.kind == "cgroup2" }
  }

  /// The process's own group and all above it, of both versions, the innermost first.
  ///
  /// - Parameter controller: `memory`, `hugetlb`. A group of version 2 need not have it.
  /// - Returns: the groups, whether their files can be read or not.
  func chain(for controller: String) -> [Group] {
    paths(for: controller).flatMap { path, version in
      Self.hierarchy(version == 2 ? nil : controller, mounts).map {
        Self.chain(of: path, at: $0, version: version)
      } ?? []
    }
  }

  /// Whether every group that bounds the process can be looked at from here. A process of another
  /// container lies outside of what is mounted here; in a sandbox no hierarchy may be mounted at all.
  ///
  /// - Parameter controller: `memory`, `hugetlb`.
  /// - Returns: false if a group may exist that cannot be seen.
  func areVisible(for controller: String) -> Bool {
    let all = paths(for: controller)
    // If version 1 has the controller, version 2 has not.
    let own = all.first { $0.version == 1 } ?? all.first
    guard let own else { return !text.isEmpty }
    if own.path == "/" { return true }
    return Self.hierarchy(own.version == 2 ? nil : controller, mounts).map {
      Self.chain(of: own.path, at: $0, version: own.version)
    }?.first.map { FileSystem.exists($0.directory) } ?? false
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
  static func hierarchy(
    _ controller: String?, _ mounts: [MountTable.Mount]
  ) -> MountTable.Mount? {
    mounts.first {
      guard let controller else { return $0.kind == "cgroup2" }
      return $0.kind == "cgroup" && $0.option(controller) != nil
    }
  }

  private static func chain(
    of path: FilePath, at mount: MountTable.Mount, version: Int
  ) -> [Group] {
    // In a container the hierarchy is mounted from the container's own group on.
    var names = Array(path.components)
    let root = mount.root.components
    if names.starts(with: root) { names.removeFirst(root.count) }
    var groups: [Group] = []
    while true {
      groups.append(
        Group(
          version: version, path: FilePath(root: "/", names),
          directory: mount.point.appending(names), mount: mount))
      if names.popLast() == nil { return groups }
    }
  }
}

extension ControlGroups.Group {
  /// The number that a file of the group holds; nil if there is no such file, or for `max`.
  func number(_ file: String) -> Int? {
    (try? FileSystem.contents(of: directory.appending(file)))
      .flatMap { ProcText.lines($0).first }.flatMap { ProcText.decimal($0) }
  }

  /// The limit that a file of the group holds; nil if it sets no limit.
  func limit(_ file: String) -> Int? {
    // Version 1 writes "no limit" as a number that no machine has.
    number(file).flatMap { $0 >= 1 << 60 ? nil : $0 }
  }
}
