public import ShmCore
import SystemPackage

/// Whether any process uses a region: proved, seen or unknown.
///
/// ```swift
/// let region = try Region.open(RegionReference("cache"), access: .status)
/// let scan = try RegionUsers.scan(for: [region.status().identity])
/// if try RegionUse.of(region, in: scan) == .unseen { print("no user seen") }
/// ```
public enum RegionUse: Sendable, Equatable {
  /// No process has it open or mapped: the kernel says so.
  case unused
  /// No process was seen that uses it. A descriptor on its way through a socket, for example, is not
  /// seen; `Region.unlinkIfUnused` proves it before it removes the name.
  case unseen
  /// These processes use it; the list may be empty if they cannot be seen.
  case used([Int32])
  /// No process was seen that uses it, others may not be looked at, and the caller cannot prove it.
  case unknown

  /// Whether a process uses it; nil if neither is proved.
  public var isUsed: Bool? {
    switch self {
    case .unused: false
    case .used: true
    case .unseen, .unknown: nil
    }
  }

  /// What a look at the processes tells. The region is not touched: no lease, lock or open file makes
  /// another program fail.
  ///
  /// - Parameters:
  ///   - region: the region.
  ///   - scan: who uses what, by a look that was for this region, too.
  /// - Returns: `used`, `unseen` or `unknown`.
  /// - Throws: `ShmError`, on an open region only if the machine is in trouble.
  public static func of(
    _ region: borrowing Region, in scan: RegionUsers
  ) throws(ShmError) -> RegionUse {
    of(try region.status(), region.reference.path, in: scan)
  }

  /// The same by the status of a region and its path.
  static func of(
    _ status: RegionStatus, _ path: @autoclosure () -> FilePath?, in scan: RegionUsers
  ) -> RegionUse {
    let users = scan.users(of: status.identity).map(\.process)
    if !users.isEmpty { return .used(users) }
    return scan.isComplete || RegionLease.mayAsk(status, path()) ? .unseen : .unknown
  }

  /// Asks the kernel for a lease for a moment, which is granted only if no other process has the region
  /// open; before that the processes, so that a region in use is not touched.
  ///
  /// - Parameters:
  ///   - region: opened for its status only, so that it does not count itself.
  ///   - scan: who uses what, by a look that was for this region, too.
  /// - Returns: what can be proved.
  /// - Throws: `ShmError`, on an open region only if the machine is in trouble.
  public static func proved(
    _ region: borrowing Region, in scan: RegionUsers
  ) throws(ShmError) -> RegionUse {
    let users = scan.users(of: try region.status().identity).map(\.process)
    if !users.isEmpty { return .used(users) }
    return switch RegionLease.ask(for: region, patience: .milliseconds(20)) {
    case .granted: .unused
    case .refused: .used([])
    // Without the kernel's word it takes a look at every process.
    case .unknown: scan.isComplete ? .unused : .unknown
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
    ProcessNumber.command(of: process).map { Escaping.printable($0) }
  }

  /// Throws unless it is proved that no process uses the region.
  ///
  /// - Parameters:
  ///   - reference: the region.
  ///   - attempt: what would be done to it, for the message.
  /// - Throws: `ShmError` of kind `busy`, and what opening the region throws.
  public static func refuseIfUsed(
    _ reference: RegionReference, _ attempt: String
  ) throws(ShmError) {
    let region = try Region.open(reference, access: .status)
    try SharedMemory.require(region.descriptor, attempt)
    let scan = try RegionUsers.scan(for: [try region.status().identity])
    try proved(region, in: scan).refuse(attempt)
  }

  /// Throws unless this is `unused`.
  ///
  /// - Parameter attempt: what would be done to the region, for the message.
  /// - Throws: `ShmError` of kind `busy`.
  public func refuse(_ attempt: String) throws(ShmError) {
    switch self {
    case .unused: return
    case .used(let processes):
      throw ShmError(
        .busy, attempt,
        processes.isEmpty
          ? "a process that cannot be seen from here uses it" : Self.sentence(processes),
        remedy: "wait until no process uses it")
    case .unseen, .unknown:
      throw ShmError(
        .busy, attempt, "processes of other users may use it, and cannot be seen from here",
        remedy: "ask as root, or as its owner with the right to read it")
    }
  }
}
