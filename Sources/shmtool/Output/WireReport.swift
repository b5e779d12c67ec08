import ShmCore

/// What is wired, in the ranges that were asked for.
struct WireReport: Report {
  /// One range of one region.
  struct Row: Encodable {
    let region: String
    let offset: Int
    let bytes: Int
    let wiredBytes: Int
    let residentBytes: Int
    /// Huge pages and the like: never swapped, and not counted as wired by the kernel.
    let inherentlyUnswappable: Bool
    /// Why less is wired than was asked for; null where all is.
    let failure: Unknowable<String>

    init(
      _ reference: RegionReference, _ report: Mapping.WiringReport, isUnswappable: Bool,
      failure: ShmError?
    ) {
      region = reference.description
      offset = report.covered.lowerBound
      bytes = report.covered.count
      wiredBytes = report.wired
      residentBytes = report.resident
      inherentlyUnswappable = isUnswappable
      self.failure = Unknowable(failure?.description)
    }
  }

  let holder: Int32
  let onFault: Bool
  let regions: [Row]

  func text(_ style: TextStyle) -> String {
    regions.map { row in
      let amount =
        row.wiredBytes == row.bytes
        ? "\(ByteCount(row.bytes))" : "\(ByteCount(row.wiredBytes)) of \(ByteCount(row.bytes))"
      let checked =
        if row.inherentlyUnswappable {
          "which cannot be swapped by its nature"
        } else if onFault {
          "on fault, \(ByteCount(row.residentBytes)) of it resident"
        } else {
          "checked: \(ByteCount(row.residentBytes)) resident"
        }
      let less = row.failure.value.map { "\n  less than asked for: \($0)" } ?? ""
      return "wired \(amount) of '\(row.region)' at offset \(row.offset), \(checked)\(less)\n"
    }.joined()
  }
}
