import ShmCore

/// Which regions are shown.
struct ListFilter {
  private let kinds: Set<String>
  private let process: Int32?
  private let owner: UInt32?
  private let isStale: Bool

  /// - Throws: `ShmError`: `notFound` for a user or a process that there is not, `notPermitted` for a
  ///   process that may not be looked at.
  init(
    kinds: [ListKind], process: Int32?, user: [UInt8]?, isStale: Bool
  ) throws(ShmError) {
    self.kinds = Set(kinds.map(\.rawValue))
    self.process = process
    self.isStale = isStale
    owner = try user.map { (name) throws(ShmError) in try Self.owner(name) }
    if let process { try ProcessView.checkMayLook(at: process) }
  }

  /// Whether everything is.
  var isOpen: Bool { kinds.isEmpty && process == nil && owner == nil && !isStale }

  /// Whether a stream may be.
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
