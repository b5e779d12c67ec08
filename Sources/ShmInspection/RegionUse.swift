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
  /// No process has it open or mapped, as the kernel confirmed.
  case unused
  /// No process was seen that uses it. A descriptor on its way through a socket, for example, is not
  /// seen; `Region.unlinkIfUnused` proves it before it removes the name.
  case unseen
  /// These processes use it; the list may be empty if they cannot be seen.
  case used([Int32])
  /// No visible process uses it, but some processes could not be inspected, and the caller cannot get a proof.
  case unknown

  /// Whether a process uses it; nil if neither is proved.
  public var isUsed: Bool? {
    switch self {
    case .unused: false
    case .used: true
    case .unseen, .unknown: nil
    }
  }

  /// The use according to the visible processes. It takes no lease or lock and does not open the region, so other
  /// programs are not affected.
  ///
  /// - Parameters:
  ///   - region: the region.
  ///   - scan: the users of regions, from a scan that included this region.
  /// - Returns: `used`, `unseen` or `unknown`.
  /// - Throws: `ShmError`. On an open region this is unusual: the kernel lacks memory, or a sandbox refuses.
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

  /// First it scans the processes, and stops if the region is in use. Then it takes a lease for a moment, which the
  /// kernel grants only if no other process has the region open.
  ///
  /// - Parameters:
  ///   - region: opened for its status only, so that it does not count itself.
  ///   - scan: the users of regions, from a scan that included this region.
  ///   - patience: how long another process may have it open that the scan did not find.
  /// - Returns: the proven use.
  /// - Throws: `ShmError`. On an open region this is unusual: the kernel lacks memory, or a sandbox refuses.
  package static func proved(
    _ region: borrowing Region, in scan: RegionUsers, patience: Duration = .milliseconds(20)
  ) throws(ShmError) -> RegionUse {
    let users = scan.users(of: try region.status().identity).map(\.process)
    if !users.isEmpty { return .used(users) }
    return switch RegionLease.ask(for: region, patience: patience) {
    case .granted: .unused
    case .refused: .used([])
    // Without a lease, only a scan of every process can prove it.
    case .unknown: scan.isComplete ? .unused : .unknown
    }
  }

  /// A sentence about the users: a few processes by ID and name, many processes by the count of each name.
  static func sentence(
    _ processes: [Int32], name: (Int32) -> String? = RegionUse.name
  ) -> String {
    if processes.count == 1 {
      return "process \(processes[0])\(suffix(name(processes[0]))) uses it"
    }
    if processes.count <= 5 {
      let list = processes.map { "\($0)\(suffix(name($0)))" }.joined(separator: ", ")
      return "processes \(list) use it"
    }
    var counts: [String: Int] = [:]
    for process in processes { counts[name(process) ?? "unknown processes", default: 0] += 1 }
    let groups = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let shown = groups.prefix(3)
    let rest = processes.count - shown.reduce(0) { $0 + $1.value }
    let list = shown.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    let others = rest == 0 ? "" : " and \(rest) \(rest == 1 ? "other" : "others")"
    return "\(processes.count) processes use it: \(list)\(others)"
  }

  private static func suffix(_ name: String?) -> String { name.map { " (\($0))" } ?? "" }

  /// The name of a process; nil if it cannot be read. proc_pid_comm(5)
  private static func name(_ process: Int32) -> String? {
    ProcessNumber.command(of: process).map { Escaping.printable($0) }
  }

  /// Throws unless this is `unused`.
  ///
  /// - Parameter attempt: the operation, for the message.
  /// - Throws: `ShmError` of kind `busy`.
  package func refuse(_ attempt: String) throws(ShmError) {
    switch self {
    case .unused: return
    case .used(let processes):
      throw ShmError(
        .busy, attempt,
        processes.isEmpty
          ? "a process that is not visible here uses it" : Self.sentence(processes),
        remedy: "wait until no process uses it")
    case .unseen, .unknown:
      throw ShmError(
        .busy, attempt, "processes of other users, which are not visible here, may use it",
        remedy: "run as root, or as its owner with read permission")
    }
  }
}
