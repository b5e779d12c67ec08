import SystemPackage

extension Place {
  /// A limit that a process lowered for itself and its child processes. Its parent process has a sufficient limit, so
  /// the service or the container grants it.
  package struct Lowering: Hashable, Sendable {
    /// A process, by its number and its name.
    package struct Member: Hashable, Sendable {
      package let number: Int32
      package let name: String
    }

    /// The nearest ancestor with a sufficient soft limit.
    package let ancestor: Member
    /// The soft limit of the ancestor; nil for no limit.
    package let limit: Int?
    /// The child process of the ancestor, which has a lower limit.
    package let child: Member
    /// Whether the child is this process.
    package let isOwn: Bool
  }

  /// Finds the ancestor that has a sufficient limit.
  ///
  /// The search ends at a process of other control groups or of another user namespace, and outside of containers at a
  /// process of another user. Such a process is a service manager, a login program or a container engine, from which no
  /// user starts a command. A container grants its limit to all users, so there an ancestor of another user counts, too.
  ///
  /// - Parameters:
  ///   - resource: the limit.
  ///   - needed: the value that is needed; nil for no limit.
  /// - Returns: nil if there is no such ancestor, or if it cannot be determined.
  package func lowering(of resource: LimitShortage.Resource, needed: Int?) -> Lowering? {
    var child = process.process
    guard let groups = Self.text("cgroup", of: child), let map = Self.text("uid_map", of: child)
    else { return nil }
    // A limit on the steps, because processes end and their numbers are reused during the search.
    for _ in 0..<64 {
      guard let parent = Self.status(of: child)?.parent, parent > 0,
        let status = Self.status(of: parent),
        status.effectiveUser == process.user || container != nil,
        Self.text("cgroup", of: parent) == groups, Self.text("uid_map", of: parent) == map,
        let limit = Self.softLimit(resource, of: parent)
      else { return nil }
      if limit >= needed ?? Int.max {
        return Lowering(
          ancestor: Self.member(parent, status), limit: limit == Int.max ? nil : limit,
          child: Self.member(child, Self.status(of: child)),
          isOwn: process.isOwn && child == process.process)
      }
      child = parent
    }
    return nil
  }

  private static func member(_ number: Int32, _ status: ProcessStatus?) -> Lowering.Member {
    Lowering.Member(number: number, name: status?.name ?? "unknown")
  }

  private static func status(of process: Int32) -> ProcessStatus? {
    text("status", of: process).map { ProcessStatus(parsing: $0) }
  }

  private static func text(_ name: String, of process: Int32) -> [UInt8]? {
    try? FileSystem.contents(of: FilePath("/proc/\(process)/\(name)"))
  }

  /// The soft limit of a process; `Int.max` for no limit, and nil if it cannot be read.
  private static func softLimit(
    _ resource: LimitShortage.Resource, of process: Int32
  ) -> Int? {
    let name =
      switch resource {
      case .memlock: "Max locked memory"
      case .addressSpace: "Max address space"
      case .openFiles: "Max open files"
      case .fileSize: "Max file size"
      }
    let lines = ProcText.lines(text("limits", of: process) ?? [])
    guard let line = lines.first(where: { $0.starts(with: name.utf8) }),
      let word = ProcText.words(line.dropFirst(name.utf8.count)).first
    else { return nil }
    return word.elementsEqual("unlimited".utf8) ? Int.max : ProcText.decimal(word)
  }
}
