import ShmCore
import ShmInspection

/// A process that uses a region, as reports show it.
struct UserRow: Encodable {
  /// One mapping of the region in the process.
  struct MappingRow: Encodable {
    let address: String
    let length: Int
    let offset: Int
    let sharing: String
    let protection: String
  }

  let pid: Int32
  let command: RawText
  let userId: Unknowable<UInt32>
  let mapped: Int
  let mappings: [MappingRow]
  let descriptors: [Int32]

  init(_ user: RegionUser) {
    pid = user.process
    command = RawText(user.command)
    userId = Unknowable(user.user)
    mapped = user.mappedBytes
    descriptors = user.descriptors
    mappings = user.mappings.map { map in
      MappingRow(
        address: Format.address(map.addresses.lowerBound),
        length: Int(clamping: map.addresses.upperBound - map.addresses.lowerBound),
        offset: Int(clamping: map.offset), sharing: map.isShared ? "shared" : "private",
        protection: map.isWritable ? "read-write" : map.isReadable ? "read-only" : "none")
    }
  }

  /// All users in one cell.
  static func list(_ users: [UserRow], _ use: RegionUse) -> String {
    switch use {
    case .unused: return "none"
    case .unseen: return "none seen"
    case .unknown: return "unknown"
    case .used: if users.isEmpty { return "not visible" }
    }
    let shown = users.prefix(3).map { "\($0.pid) \($0.command.printable)" }.joined(separator: ", ")
    let more = users.count > 3 ? ", \(users.count - 3) more" : ""
    return shown + more
  }

  /// All users as a field for scripts: the process IDs, or a word.
  static func field(_ users: [UserRow], _ use: RegionUse) -> RawField {
    switch use {
    case .unused: RawField("none")
    case .unseen: RawField("none-seen")
    case .unknown: .unknown
    case .used: RawField(list: users.map { "\($0.pid)" }, empty: "not-visible")
    }
  }
}
