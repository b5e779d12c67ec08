import ShmCore

/// What is wired.
struct WireReport: Report {
  /// One region.
  struct Row: Encodable {
    let region: String
    let offset: Int
    let wiredBytes: Int
    let residentBytes: Int

    init(_ reference: RegionReference, _ report: Mapping.WiringReport) {
      region = reference.description
      offset = report.covered.lowerBound
      wiredBytes = report.covered.count
      residentBytes = report.resident
    }
  }

  let regions: [Row]

  func text(_ style: TextStyle) -> String {
    regions.map { row in
      """
      wired \(ByteCount(row.wiredBytes)) of '\(row.region)' at offset \(row.offset), all of them \
      resident

      """
    }.joined()
  }
}
