import ShmCore

/// The selection of the regions in the list.
struct ListFilter {
  private let kinds: Set<String>
  private let processes: Set<Int32>
  private let owner: UInt32?
  private let isStale: Bool

  /// - Throws: `ShmError`: `notFound` for a user or a process that does not exist, `notPermitted` for a process that
  ///   cannot be inspected.
  init(
    kinds: [KindList], processes: [ProcessList], user: [UInt8]?, isStale: Bool
  ) throws(ShmError) {
    self.init(
      kinds: kinds.flatMap(\.kinds), processes: processes.flatMap(\.processes),
      owner: try user.map { (name) throws(ShmError) in try Self.owner(name) }, isStale: isStale)
    for process in self.processes.sorted() { try ProcessView.checkMayLook(at: process) }
  }

  /// - Parameters:
  ///   - kinds: the kinds to show; all if empty.
  ///   - processes: show what any of these uses; all regions if empty.
  ///   - owner: the owner of the regions; nil for all.
  ///   - isStale: whether only regions without a visible user are shown.
  init(
    kinds: [ListKind] = [], processes: [Int32] = [], owner: UInt32? = nil, isStale: Bool = false
  ) {
    self.kinds = Set(kinds.map(\.rawValue))
    self.processes = Set(processes)
    self.owner = owner
    self.isStale = isStale
  }

  /// Whether all rows are shown.
  var isOpen: Bool { kinds.isEmpty && processes.isEmpty && owner == nil && !isStale }

  /// Whether streams are shown.
  var takesStreams: Bool { kinds.isEmpty || kinds.contains(ListKind.stream.rawValue) }

  func accepts(_ row: ListReport.Row) -> Bool {
    (kinds.isEmpty || kinds.contains(row.kind))
      && (processes.isEmpty || row.users.contains { processes.contains($0.pid) })
      && (owner == nil || row.ownerId.value == owner)
      && (!isStale || row.noUserSeen)
  }

  private static func owner(_ name: [UInt8]) throws(ShmError) -> UInt32 {
    if let identifier = UserNames.identifier(name)
      ?? Digits.number(String(decoding: name, as: UTF8.self))
    {
      return identifier
    }
    throw ShmError(
      .notFound, "cannot list the regions of user \(Escaping.quoted(name))",
      "no such user")
  }
}
