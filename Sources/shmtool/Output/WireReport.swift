import ShmCore

/// What is wired, in the ranges that were asked for.
struct WireReport: Report {
  /// One range of one region.
  struct Row: Encodable {
    let region: RawText
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
      region = RawText(reference)
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
    regions.map { $0.text(onFault: onFault) }.joined()
  }
}

extension WireReport.Row {
  /// One line, and why less is wired than was asked for.
  func text(onFault: Bool) -> String {
    let amount =
      wiredBytes == bytes
      ? "\(ByteCount(bytes))" : "\(ByteCount(wiredBytes)) of \(ByteCount(bytes))"
    let checked =
      if inherentlyUnswappable {
        "which cannot be swapped by its nature"
      } else if onFault {
        "on fault, \(ByteCount(residentBytes)) of it resident"
      } else {
        "checked: \(ByteCount(residentBytes)) resident"
      }
    let less = failure.value.map { "\n  less than asked for: \($0)" } ?? ""
    return "wired \(amount) of \(region.quoted) at offset \(offset), \(checked)\(less)\n"
  }
}
