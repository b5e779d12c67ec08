import SystemPackage

/// Whether anybody uses a region: proved, refuted or unknown.
///
/// ```swift
/// let region = try Region.open(RegionReference("cache"), access: .status)
/// let scan = try RegionUsers.scan(for: [region.status().identity])
/// if try RegionUse.of(region, in: scan) == .unused { try region.unlink() }
/// ```
public enum RegionUse: Sendable, Equatable {
  /// Nobody has it open or mapped, on the kernel's word.
  case unused
  /// These do; the list may be empty where they cannot be seen.
  case used([Int32])
  /// Nothing can be proved.
  case unknown

  /// Whether anybody uses it; nil where nothing can be proved.
  public var isUsed: Bool? {
    switch self {
    case .unused: false
    case .used: true
    case .unknown: nil
    }
  }

  /// Asks the kernel for a lease, which is granted only where nobody else has the region open, and
  /// then /proc for who has.
  ///
  /// - Parameters:
  ///   - region: opened for its status only, so that it does not count itself.
  ///   - scan: who uses what, by a look that was for this region, too.
  /// - Returns: what can be proved.
  /// - Throws: `ShmError`, on an open region only where the machine is in trouble.
  public static func of(
    _ region: borrowing Region, in scan: RegionUsers
  ) throws(ShmError) -> RegionUse {
    let users = scan.users(of: try region.status().identity).map(\.process)
    if !users.isEmpty { return .used(users) }
    return switch region.isUnusedByOthers() {
    case true?: .unused
    case false?: .used([])
    // Without the kernel's word, nobody seen is nobody only where everybody can be seen.
    case nil: scan.isComplete ? .unused : .unknown
    }
  }

  /// Who uses it: a few by number and name, many by how many there are of each name.
  static func sentence(
    _ processes: [Int32], name: (Int32) -> String? = RegionUse.name
  ) -> String {
    if processes.count == 1 { return "process \(processes[0])\(told(name(processes[0]))) uses it" }
    if processes.count <= 5 {
      let list = processes.map { "\($0)\(told(name($0)))" }.joined(separator: ", ")
      return "processes \(list) use it"
    }
    var counts: [String: Int] = [:]
    for process in processes { counts[name(process) ?? "of unknown name", default: 0] += 1 }
    let groups = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let shown = groups.prefix(3)
    let rest = processes.count - shown.reduce(0) { $0 + $1.value }
    let list = shown.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    let others = rest == 0 ? "" : " and \(rest) \(rest == 1 ? "other" : "others")"
    return "\(processes.count) processes use it: \(list)\(others)"
  }

  private static func told(_ name: String?) -> String { name.map { " (\($0))" } ?? "" }

  /// The name of a process; nil if it cannot be read. proc_pid_comm(5)
  private static func name(_ process: Int32) -> String? {
    (try? FileSystem.contents(of: FilePath("/proc/\(process)/comm")))
      .flatMap { ProcText.lines($0).first }.map { Escaping.printable($0) }
  }

  /// Throws unless it is proved that nobody uses the region.
  ///
  /// - Parameters:
  ///   - reference: the region.
  ///   - attempt: what would be done to it, for the message.
  /// - Throws: `ShmError` with code `busy`, and what opening the region throws.
  public static func refuseIfUsed(
    _ reference: RegionReference, _ attempt: String
  ) throws(ShmError) {
    let region = try Region.open(reference, access: .status)
    try SharedMemory.require(region.descriptor, attempt)
    let scan = try RegionUsers.scan(for: [try region.status().identity])
    switch try of(region, in: scan) {
    case .unused: return
    case .used(let processes):
      throw ShmError(
        .busy, attempt,
        processes.isEmpty
          ? "a process that cannot be seen from here uses it" : sentence(processes),
        remedy: "wait until no process uses it")
    case .unknown:
      throw ShmError(
        .busy, attempt, "processes of other users may use it, and cannot be seen from here",
        remedy: "ask as root, or as its owner with the right to read it")
    }
  }
}
