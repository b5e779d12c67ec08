import ShmCore

/// The selection of the regions in the list.
struct ListFilter {
  private let kinds: Set<String>
  private let process: Int32?
  private let owner: UInt32?
  private let isStale: Bool

  /// - Throws: `ShmError`: `notFound` for a user or a process that does not exist, `notPermitted` for a process that
  ///   cannot be inspected.
  init(
    kinds: [ListKind], process: Int32?, user: [UInt8]?, isStale: Bool
  ) throws(ShmError) {
    self.kinds = Set(kinds.map(\.rawValue))
    self.process = process
    self.isStale = isStale
    owner = try user.map { (name) throws(ShmError) in try Self.owner(name) }
    if let process { try ProcessView.checkMayLook(at: process) }
  }

  /// Whether all rows are shown.
  var isOpen: Bool { kinds.isEmpty && process == nil && owner == nil && !isStale }

  /// Whether streams are shown.
  var takesStreams: Bool { kinds.isEmpty || kinds.contains(ListKind.stream.rawValue) }

  func accepts(_ row: ListReport.Row) -> Bool {
    (kinds.isEmpty || kinds.contains(row.kind))
      && (process == nil || row.users.contains { $0.pid == process })
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
