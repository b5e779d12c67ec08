import ShmCore

/// Where regions are mapped.
struct MapReport: Report {
  /// One mapping.
  struct Row: Encodable {
    let region: String
    let address: String
    let length: Int
    let pageSize: Int
    let offset: Int
    let sharing: String
    let protection: String

    init(_ reference: RegionReference, _ mapping: borrowing Mapping) {
      region = reference.description
      address = Format.address(mapping.address)
      length = mapping.count
      pageSize = mapping.pageSize
      offset = mapping.range.lowerBound
      sharing = mapping.sharing.rawValue
      protection = mapping.protection.rawValue
    }
  }

  let mappings: [Row]

  func text(_ style: TextStyle) -> String {
    mappings.map { row in
      """
      \(row.address) \(Format.size(row.length, style))\(row.pages(style)) \(row.sharing) \
      \(row.protection) \(row.region)

      """
    }.joined()
  }
}

extension MapReport.Row {
  /// The size of the pages, where it is not the machine's.
  fileprivate func pages(_ style: TextStyle) -> String {
    pageSize == PageMath.pageSize ? "" : " of \(Format.size(pageSize, style)) pages"
  }
}
