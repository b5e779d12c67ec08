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

  /// Throws unless it is proved that nobody uses the region.
  ///
  /// - Parameters:
  ///   - reference: the region.
  ///   - attempt: what would be done to it, for the message.
  ///   - otherwise: what else the caller may do, as the end of "end them first, or …".
  /// - Throws: `ShmError` with code `busy`, and what opening the region throws.
  public static func refuseIfUsed(
    _ reference: RegionReference, _ attempt: String, otherwise: String
  ) throws(ShmError) {
    let region = try Region.open(reference, access: .status)
    let scan = try RegionUsers.scan(for: [try region.status().identity])
    switch try of(region, in: scan) {
    case .unused: return
    case .used(let processes):
      let list = processes.prefix(5).map { "\($0)" }.joined(separator: ", ")
      throw ShmError(
        .busy, attempt,
        processes.isEmpty
          ? "a process that cannot be seen from here uses it"
          : "\(processes.count == 1 ? "process" : "processes") \(list) "
            + "\(processes.count == 1 ? "uses" : "use") it",
        remedy: "end them first, or \(otherwise)")
    case .unknown:
      throw ShmError(
        .busy, attempt, "processes of other users may use it, and cannot be seen from here",
        remedy: "ask as root, or as its owner with the right to read it, or \(otherwise)")
    }
  }
}
