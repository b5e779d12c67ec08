import ShmCore

/// Regions in depth.
struct InspectReport: Report {
  /// The pages by state, in bytes.
  struct Pages: Encodable {
    let allocated: Int
    let resident: Unknowable<Int>
    let swapped: Unknowable<Int>
    let reserved: Unknowable<Int>
    let hole: Int
  }

  /// One region.
  struct Entry: Encodable {
    let region: String
    let fileSystem: String
    let device: UInt64
    let inode: UInt64
    let size: Int
    let allocated: Int
    let mode: String
    let owner: String
    let ownerId: UInt32
    let groupId: UInt32
    let links: Int
    let pageSize: Int
    let seals: Unknowable<[String]>
    let pages: Pages
    let users: [UserRow]
    let used: Unknowable<Bool>
    let usersComplete: Bool
    let use: RegionUse

    enum CodingKeys: CodingKey {
      case region, fileSystem, device, inode, size, allocated, mode, owner, ownerId, groupId, links
      case pageSize, seals, pages, users, used, usersComplete
    }

    init(_ inspection: RegionInspection) {
      let status = inspection.status
      region = inspection.reference.description
      fileSystem = inspection.fileSystem.kind.rawValue
      device = status.identity.device
      inode = status.identity.inode
      size = status.size
      allocated = status.allocated
      mode = Format.mode(status.mode)
      owner = Format.user(status.owner)
      ownerId = status.owner
      groupId = status.group
      links = status.links
      pageSize = status.pageSize
      seals = Unknowable(inspection.seals?.words)
      pages = Pages(
        allocated: status.allocated, resident: Unknowable(inspection.pages?.resident),
        swapped: Unknowable(inspection.pages?.swapped),
        reserved: Unknowable(inspection.pages?.reserved),
        hole: inspection.pages?.hole ?? max(0, status.size - status.allocated))
      users = inspection.users.map { UserRow($0) }
      use = inspection.use
      used = Unknowable(use.isUsed)
      usersComplete = inspection.usersComplete
    }
  }

  let regions: [Entry]

  func text(_ style: TextStyle) -> String {
    regions.map { Self.text($0, style) }.joined(separator: "\n")
  }

  private static func text(_ entry: Entry, _ style: TextStyle) -> String {
    func size(_ bytes: Int) -> String { Format.size(bytes, style) }
    func pages(_ bytes: Int) -> String {
      let count = bytes / entry.pageSize
      return style.bytes
        ? "\(bytes)" : "\(ByteCount(bytes)) (\(count) \(count == 1 ? "page" : "pages"))"
    }
    var lines: [(String, String)] = [
      ("region", entry.region),
      ("on", "\(entry.fileSystem), device \(entry.device), inode \(entry.inode)"),
      ("size", size(entry.size)),
      ("owner", "\(entry.owner), mode \(entry.mode)"),
      ("links", "\(entry.links)"),
      ("page size", size(entry.pageSize)),
      ("seals", entry.seals.value.map { $0.isEmpty ? "none" : $0.joined(separator: ", ") } ?? "-"),
      ("allocated", pages(entry.pages.allocated)),
      ("  resident", entry.pages.resident.text(pages)),
      ("  swapped", entry.pages.swapped.text(pages)),
      ("  reserved", entry.pages.reserved.text(pages)),
      ("hole", pages(entry.pages.hole)),
      ("users", UserRow.list(entry.users, entry.use)),
    ]
    for user in entry.users {
      for map in user.mappings {
        lines.append(
          (
            "  \(user.pid)",
            """
            \(map.address) + \(size(map.length)) at offset \(map.offset), \(map.sharing), \
            \(map.protection)
            """
          ))
      }
      if !user.descriptors.isEmpty {
        let numbers = user.descriptors.map { "\($0)" }.joined(separator: ", ")
        lines.append(("  \(user.pid)", "descriptor \(numbers)"))
      }
    }
    var table = Table(columns: [Table.Column(heading: ""), Table.Column(heading: "")])
    table.rows = lines.map { [$0.0, $0.1] }
    return table.text(headings: false)
  }
}
