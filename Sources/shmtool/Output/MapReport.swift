import ShmCore

/// Where regions are mapped.
struct MapReport: Report {
  /// One mapping.
  struct Row: Encodable {
    let region: String
    let address: String
    let length: Int
    let offset: Int
    let sharing: String
    let protection: String

    init(_ reference: RegionReference, _ mapping: borrowing Mapping) {
      region = reference.description
      address = Format.address(mapping.address)
      length = mapping.count
      offset = mapping.range.lowerBound
      sharing = mapping.sharing.rawValue
      protection = mapping.protection.rawValue
    }
  }

  let mappings: [Row]

  func text(_ style: TextStyle) -> String {
    mappings.map { row in
      """
      \(row.address) \(Format.size(row.length, style)) \(row.sharing) \(row.protection) \
      \(row.region)

      """
    }.joined()
  }
}
