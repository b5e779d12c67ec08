public import SystemPackage

/// One control group that bounds the memory of a process, with its figures. cgroups(7)
///
/// ```swift
/// for group in MemoryCgroup.bounding() {
///   print(group.path, group.available ?? -1)
/// }
/// ```
public struct MemoryCgroup: Hashable, Sendable {
  /// The limit on the swap use of the group.
  public enum Swap: Hashable, Sendable {
    /// Only the machine's swap.
    case unlimited
    /// The bytes that may still be swapped out: `memory.swap.max`, or 0 for a group that never swaps.
    case left(Int)
    /// Memory and swap together, with what is in use of both: `memory.memsw.limit_in_bytes`.
    case together(limit: Int, used: Int)
  }

  /// The version of the hierarchy, 1 or 2.
  public let version: Int
  /// The group's path within its hierarchy.
  public let path: FilePath
  /// The limit in bytes, the lower of `memory.max` and `memory.high`; nil without a limit.
  public let limit: Int?
  /// The charged bytes, including the page cache.
  public let used: Int
  /// The charged bytes that the kernel can reclaim: pages of files on disks.
  public let reclaimable: Int
  /// The swap limit of the group, in bytes.
  public let swap: Swap
  /// The file of the group that sets the limit.
  public let limitFile: String

  init(
    version: Int, path: FilePath, limit: Int?, used: Int, reclaimable: Int, swap: Swap = .left(0),
    limitFile: String? = nil
  ) {
    self.version = version
    self.path = path
    self.limit = limit
    self.used = used
    self.reclaimable = reclaimable
    self.swap = swap
    self.limitFile = limitFile ?? (version == 1 ? "memory.limit_in_bytes" : "memory.max")
  }

  /// The bytes that the limit leaves; nil for no limit.
  public var available: Int? {
    limit.map { max(0, $0 - max(0, used - reclaimable)) }
  }

  /// The limit that `bytes` more need; nil for no limit.
  func shortage(of bytes: Int) -> LimitShortage? {
    guard let limit, let room = room(swapFree: 0) else { return nil }
    return LimitShortage(
      .memoryGroup(version: version, path: path, file: limitFile),
      needed: Self.limit(from: limit, left: room.left, for: bytes))
  }

  /// The limit that leaves room for pages, if the limit of now leaves `left` bytes before the overhead.
  static func limit(from limit: Int, left: Int, for bytes: Int) -> Int? {
    guard let needed = withOverhead(bytes) else { return nil }
    let (more, overflow) = limit.addingReportingOverflow(max(0, needed - left))
    return overflow ? nil : PageMath.roundUp(more, to: 1 << 20)
  }

  /// Every group that bounds a process: its own and all above, of both versions, the innermost
  /// first. Groups that cannot be read from here are left out.
  ///
  /// - Parameter process: its number; nil for this one.
  /// - Returns: the groups with their figures of now.
  public static func bounding(_ process: Int32? = nil) -> [MemoryCgroup] {
    bounding(ControlGroups(of: process))
  }

  /// The same by a table of groups.
  ///
  /// - Parameters:
  ///   - groups: the process's.
  ///   - onlyLimited: whether groups without a limit are left out, whose use need not be read then.
  /// - Returns: the groups with their figures of now.
  package static func bounding(
    _ groups: ControlGroups, onlyLimited: Bool = false
  ) -> [MemoryCgroup] {
    groups.chain(for: "memory").compactMap { MemoryCgroup($0, mustHaveLimit: onlyLimited) }
  }

  private init?(_ group: ControlGroups.Group, mustHaveLimit: Bool) {
    let isFirst = group.version == 1
    var limits: [(bytes: Int, file: String)] = []
    for file in isFirst ? ["memory.limit_in_bytes"] : ["memory.max", "memory.high"] {
      if let bytes = group.limit(file) { limits.append((bytes, file)) }
    }
    let lowest = limits.min { $0.bytes < $1.bytes }
    if mustHaveLimit, lowest == nil { return nil }
    guard let used = group.number(isFirst ? "memory.usage_in_bytes" : "memory.current") else {
      return nil
    }
    let names =
      isFirst ? ["total_inactive_file", "total_active_file"] : ["inactive_file", "active_file"]
    let text = (try? FileSystem.contents(of: group.directory.appending("memory.stat"))) ?? []
    var reclaimable = 0
    for line in ProcText.lines(text) {
      let words = ProcText.words(line)
      if words.count == 2, let value = ProcText.decimal(words[1]),
        names.contains(where: { $0.utf8.elementsEqual(words[0]) })
      {
        reclaimable += value
      }
    }
    self.init(
      version: group.version, path: group.path, limit: lowest?.bytes, used: used,
      reclaimable: reclaimable, swap: lowest == nil ? .unlimited : Self.swap(of: group),
      limitFile: lowest?.file)
  }

  private static func swap(of group: ControlGroups.Group) -> Swap {
    guard group.version == 1 else {
      return group.limit("memory.swap.max").map { limit in
        .left(max(0, limit - (group.number("memory.swap.current") ?? 0)))
      } ?? .unlimited
    }
    // With 0 the group's limit never makes the kernel swap anything out.
    if group.number("memory.swappiness") == 0 { return .left(0) }
    guard let limit = group.limit("memory.memsw.limit_in_bytes"),
      let used = group.number("memory.memsw.usage_in_bytes")
    else { return .unlimited }
    return .together(limit: limit, used: used)
  }
}

extension MemoryCgroup {
  /// The room for new pages, and the file of the lowest limit; nil without a limit.
  ///
  /// - Parameter swapFree: the free swap space of the machine; 0 for pages that stay in RAM.
  /// - Returns: bytes of pages: less than the limit leaves, because the kernel's tables for them and this
  ///   process are charged to the same group.
  func room(swapFree: Int) -> Room? {
    guard let available else { return nil }
    let left: Int
    switch swap {
    case .unlimited: left = available + swapFree
    case .left(let bytes): left = available + min(swapFree, bytes)
    case .together(let limit, let used):
      let both = max(0, limit - max(0, used - reclaimable))
      if both < available + swapFree {
        return Room(left: both, limit: limit, file: "memory.memsw.limit_in_bytes")
      }
      left = available + swapFree
    }
    return limit.map { Room(left: left, limit: $0, file: limitFile) }
  }

  /// The room below a limit of a group.
  struct Room: Hashable {
    /// The bytes that it leaves.
    let left: Int
    /// The limit in bytes.
    let limit: Int
    /// The file that sets it.
    let file: String
    /// The bytes that it leaves for pages.
    var available: Int { MemoryCgroup.withoutOverhead(left) }
  }

  /// The part of `bytes` that is left for pages. Each page needs an entry in a page table and in the table of the file,
  /// and this process needs some memory for its work.
  static func withoutOverhead(_ bytes: Int) -> Int {
    max(0, bytes - bytes / overheadDivisor - ownMemory)
  }

  /// The charge of `bytes` of pages including overhead: the inverse of `withoutOverhead`, rounded up to MiB, with a
  /// reserve for changes before the allocation.
  static func withOverhead(_ bytes: Int) -> Int? {
    let (sum, overflow) = bytes.addingReportingOverflow(
      bytes / (overheadDivisor - 1) + ownMemory + 1 << 19)
    return overflow ? nil : PageMath.roundUp(sum, to: 1 << 20)
  }

  /// The part of the pages that is taken for their tables.
  static let overheadDivisor = 128
  /// The reserve for the process itself.
  private static let ownMemory = 1 << 20
  /// The maximum part of the reserve that is used for page tables, in bytes.
  static let tables = 1 << 18
}
