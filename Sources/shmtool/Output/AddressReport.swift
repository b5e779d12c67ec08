import ShmCore
import ShmInspection

/// The memory at an address of a process.
struct AddressReport: Encodable {
  /// The page in the page table of a process.
  struct Page: Encodable {
    /// Whether it is in the process's page table.
    let present: Unknowable<Bool>
    /// Whether it is the process's own copy.
    let ownCopy: Unknowable<Bool>
    let frame: Unknowable<UInt64>

    init(_ page: AddressInspection.Page) {
      present = Unknowable(page.isPresent)
      ownCopy = Unknowable(page.isCopy)
      frame = Unknowable(page.frame)
    }
  }

  /// Another place of the same page.
  struct Place: Encodable {
    let pid: Int32
    let command: RawText
    let address: String
    let sharing: String
    let protection: String
    let page: Page
    /// Whether it is the same memory, and not a copy; null if unknown.
    let sameMemory: Unknowable<Bool>
  }

  let pid: Int32
  let command: RawText
  let address: String
  let mappingStart: String
  let mappingEnd: String
  let sharing: String
  let protection: String
  let locked: Unknowable<Bool>
  /// Null for private memory of the process.
  let kind: Unknowable<String>
  let path: RawText
  let device: UInt64
  let inode: UInt64
  let offset: Int
  let page: Page
  let others: [Place]
  let othersComplete: Bool

  init(_ found: AddressInspection) {
    let map = found.map
    pid = found.process
    command = RawText(found.command)
    address = Format.address(found.address)
    mappingStart = Format.address(map.addresses.lowerBound)
    mappingEnd = Format.address(map.addresses.upperBound)
    sharing = Format.sharing(map)
    protection = Format.protection(map)
    locked = Unknowable(found.isLocked)
    kind = Unknowable(found.kind?.rawValue)
    path = RawText(map.path)
    device = map.identity.device
    inode = map.identity.inode
    offset = found.offset
    page = Page(found.page)
    others = found.others.map { Place($0, besides: found.page) }
    othersComplete = found.othersComplete
  }

  func text(_ style: TextStyle) -> String {
    var table = Table.properties
    table.rows = [
      ["address", "\(address) of process \(pid), \(command.printable)"],
      ["mapping", "\(mappingStart)-\(mappingEnd), \(sharing) \(protection)"],
    ]
    guard let kind = kind.value else {
      table.rows += [
        [
          "region",
          "none: private memory of the process" + (path.bytes.isEmpty ? "" : ", \(path.printable)"),
        ],
        ["page", page.text],
      ]
      return table.text(headings: false, limit: style.limit)
    }
    let complete = othersComplete ? "" : ", and possibly others that could not be inspected"
    table.rows += [
      ["region", "\(kind), \(path.printable), device \(device), inode \(inode)"],
      ["offset", "\(offset), page \(offset / PageMath.pageSize)"],
      ["page", page.text],
      [
        "wired", locked.text { $0 ? "the mapping carries the lock" : "not locked by this mapping" },
      ],
      ["others", (others.isEmpty ? "none" : "\(others.count)") + complete],
    ]
    var places = Table(columns: [
      Table.Column(heading: "  PID", alignsRight: true),
      Table.Column(heading: "COMMAND", fit: .shortened),
      Table.Column(heading: "ADDRESS"), Table.Column(heading: "ACCESS"),
      Table.Column(heading: "PAGE"),
    ])
    places.rows = others.map { place in
      [
        "\(place.pid)", place.command.printable, place.address,
        "\(place.sharing) \(place.protection)",
        place.page.text,
      ]
    }
    return table.text(headings: false, limit: style.limit)
      + (others.isEmpty ? "" : places.text(headings: style.headings, limit: style.limit))
  }
}

extension AddressReport.Place {
  init(_ place: AddressInspection.Place, besides page: AddressInspection.Page) {
    self.init(
      pid: place.process, command: RawText(place.command),
      address: Format.address(place.address), sharing: Format.sharing(place.map),
      protection: Format.protection(place.map), page: AddressReport.Page(place.page),
      sameMemory: Unknowable(Self.isSame(place.page, page)))
  }

  /// A private copy is never the page of the region. A page that is not a copy always is.
  private static func isSame(
    _ one: AddressInspection.Page, _ other: AddressInspection.Page
  ) -> Bool? {
    if let one = one.frame, let other = other.frame { return one == other }
    guard let one = one.isCopy, let other = other.isCopy else { return nil }
    return !one && !other
  }
}

extension AddressReport.Page {
  /// The page in words.
  fileprivate var text: String {
    switch (present.value, ownCopy.value) {
    case (nil, _): "unknown"
    case (false, _): "not in the page table"
    case (true, let isCopy):
      (isCopy == true ? "private copy" : "present")
        + (frame.value.map { ", frame \(Format.address($0))" } ?? "")
    }
  }
}
