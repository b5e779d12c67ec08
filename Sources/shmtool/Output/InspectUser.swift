import ShmCore
import ShmInspection

/// A process that uses a region, as `inspect` shows it.
struct InspectUser: Encodable {
  /// One mapping of the region in the process, in bytes. Unreadable values are null.
  struct MappingRow: Encodable {
    let address: String
    let end: String
    let length: Int
    let offset: Int
    let sharing: String
    let protection: String
    let locked: Unknowable<Bool>
    let resident: Unknowable<Int>
    let proportional: Unknowable<Int>
    let wired: Unknowable<Int>
    let copied: Unknowable<Int>
    let huge: Unknowable<Int>

    init(_ mapping: RegionMapping) {
      let map = mapping.map
      address = Format.address(map.addresses.lowerBound)
      end = Format.address(map.addresses.upperBound)
      length = Int(clamping: map.addresses.upperBound - map.addresses.lowerBound)
      offset = Int(clamping: map.offset)
      sharing = Format.sharing(map)
      protection = Format.protection(map)
      locked = Unknowable(mapping.isLocked)
      let figures = mapping.figures
      resident = Unknowable(figures?.resident)
      proportional = Unknowable(figures?.proportional)
      wired = Unknowable(figures?.wired)
      copied = Unknowable(figures?.copied)
      huge = Unknowable(figures?.huge)
    }
  }

  let pid: Int32
  let command: RawText
  let userId: Unknowable<UInt32>
  let mapped: Int
  /// Whether it has the region open, and not mapped.
  let descriptorOnly: Bool
  let mappings: [MappingRow]
  let descriptors: [Int32]

  init(_ user: RegionUser, _ mappings: [RegionMapping]) {
    pid = user.process
    command = RawText(user.command)
    userId = Unknowable(user.user)
    self.mappings = mappings.map { MappingRow($0) }
    mapped = self.mappings.reduce(0) { $0 + $1.length }
    descriptors = user.descriptors
    descriptorOnly = mappings.isEmpty
  }

  /// The users as a table, each mapping in a line.
  static func table(_ users: [InspectUser], _ style: TextStyle) -> String {
    var table = Table(columns: [
      Table.Column(heading: "  PID", alignsRight: true),
      Table.Column(heading: "COMMAND", fit: .shortened),
      Table.Column(heading: "ADDRESSES", rank: 3),
      Table.Column(heading: "OFFSET", alignsRight: true, rank: 4),
      Table.Column(heading: "ACCESS", rank: 5),
      Table.Column(heading: "RESIDENT", alignsRight: true),
      Table.Column(heading: "SHARE", alignsRight: true),
      Table.Column(heading: "WIRED", alignsRight: true),
      Table.Column(heading: "COPIED", alignsRight: true),
    ])
    for user in users {
      let name = ["\(user.pid)", user.command.printable]
      table.rows += user.mappings.map { map in
        name + [
          "\(map.address)-\(map.end)", Format.exactSize(map.offset, style),
          "\(map.sharing) \(map.protection)", size(map.resident, style),
          size(map.proportional, style), size(map.wired, style),
          map.sharing == "private" ? size(map.copied, style) : "-",
        ]
      }
      if !user.descriptors.isEmpty {
        let numbers = user.descriptors.map { "\($0)" }.joined(separator: ",")
        let words = user.descriptors.count == 1 ? "descriptor" : "descriptors"
        let only = user.descriptorOnly ? ", not mapped" : ""
        table.rows.append(
          name + ["\(words) \(numbers)\(only)"] + Array(repeating: "", count: 6))
      }
    }
    return table.text(headings: style.headings, limit: style.limit)
  }

  private static func size(_ bytes: Unknowable<Int>, _ style: TextStyle) -> String {
    bytes.text { Format.size($0, style) }
  }
}
