/// Whether anybody uses a region: proved, refuted or unknown.
public enum RegionUse: Sendable, Equatable {
  /// Nobody has it open or mapped, on the kernel's word.
  case unused
  /// These do; the list may be empty where they cannot be seen.
  case used([Int32])
  /// Nothing can be proved.
  case unknown

  /// Asks the kernel for a lease, which is granted only where nobody else has the region open, and
  /// then /proc for who has.
  ///
  /// - Parameter region: opened for its status only, so that it does not count itself.
  /// - Throws: `ShmError` where /proc cannot be read.
  /// - Complexity: linear in the host's mappings.
  public static func of(_ region: borrowing Region) throws(ShmError) -> RegionUse {
    let lease = region.isUnusedByOthers()
    if lease == true { return .unused }
    let identity = try region.status().identity
    let scan = try RegionUsers.scan(for: [identity])
    let users = scan.users(of: identity).map(\.process)
    if lease == false || !users.isEmpty { return .used(users) }
    return scan.hiddenProcesses == 0 ? .unused : .unknown
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
    switch try of(try Region.open(reference, access: .status)) {
    case .unused: return
    case .used(let processes):
      let list = processes.prefix(5).map { "\($0)" }.joined(separator: ", ")
      throw ShmError(
        .busy, attempt,
        processes.isEmpty
          ? "a process that cannot be seen from here uses it"
          : "\(processes.count == 1 ? "process" : "processes") \(list) "
            + "\(processes.count == 1 ? "uses" : "use") it",
        remedy: "end them first, or force it")
    case .unknown:
      throw ShmError(
        .busy, attempt, "processes of other users may use it, and cannot be seen from here",
        remedy: "ask as root or as its owner, or force it")
    }
  }
}
