import ShmCore

/// The mappings of regions.
struct MapReport: Report {
  /// One mapping.
  struct Row: Encodable {
    let region: RawText
    let address: String
    let length: Int
    let pageSize: Int
    let offset: Int
    let sharing: String
    let protection: String
    /// The copied bytes of a private mapping. --populate copies all of them.
    let copied: Unknowable<Int>

    init(_ reference: RegionReference, _ mapping: borrowing Mapping) {
      region = RawText(reference)
      address = Format.address(mapping.address)
      length = mapping.count
      pageSize = mapping.pageSize
      offset = mapping.range.lowerBound
      sharing = mapping.sharing.rawValue
      protection = mapping.protection.rawValue
      copied = Unknowable(try? mapping.copiedBytes())
    }
  }

  let action = "map"
  let mappings: [Row]

  enum CodingKeys: CodingKey {
    case action, mappings
  }

  init(mappings: [Row]) {
    self.mappings = mappings
  }

  func text(_ style: TextStyle) -> String {
    mappings.map { row in
      """
      \(row.address) \(Format.size(row.length, style))\(row.pages(style)) \(row.sharing)\(row.copies(style)) \
      \(row.protection) \(row.region)

      """
    }.joined()
  }
}

extension MapReport.Row {
  /// The size of the pages, if they are huge.
  fileprivate func pages(_ style: TextStyle) -> String {
    pageSize == PageMath.pageSize ? "" : " of \(Format.size(pageSize, style)) pages"
  }

  /// Says that stores are private, and how many bytes were copied for them.
  fileprivate func copies(_ style: TextStyle) -> String {
    guard sharing == Mapping.Sharing.private.rawValue else { return "" }
    return " (copy-on-write, \(copied.text { Format.size($0, style) }) copied)"
  }
}
