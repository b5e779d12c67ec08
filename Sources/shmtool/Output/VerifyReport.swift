import ShmCopying
import ShmCore

/// The result of a verification.
struct VerifyReport: Report {
  let action = "verify"
  let region: RawText
  let equal: Bool
  let offset: Int
  let length: Int
  let firstDifference: Unknowable<Int>
  let differing: Int
  /// The number of missing or surplus bytes of the input; null if unknown.
  let missing: Int
  let surplus: Unknowable<Int>
  let seconds: Double
  private let label: String
  private let nanoseconds: Int
  private let end: Difference.Length

  enum CodingKeys: CodingKey {
    case action, region, equal, offset, length, firstDifference, differing, missing, surplus
    case seconds
  }

  init(
    _ region: RegionReference, label: String, range: Range<Int>, difference: Difference?,
    nanoseconds: Int
  ) {
    self.region = RawText(region)
    equal = difference == nil
    length = range.count
    offset = range.lowerBound
    firstDifference = Unknowable(difference?.first)
    differing = difference?.count ?? 0
    end = difference?.length ?? .equal
    switch end {
    case .equal: (missing, surplus) = (0, Unknowable(0))
    case .shorter(let count): (missing, surplus) = (count, Unknowable(0))
    case .longer(let count): (missing, surplus) = (0, Unknowable(count))
    }
    seconds = Double(nanoseconds) / 1e9
    self.label = label
    self.nanoseconds = nanoseconds
  }

  /// The error for a comparison that found a difference.
  var failure: ReportedFailure {
    ReportedFailure(
      report: ErrorReport(
        .checkFailed, text(TextStyle()).split(separator: "\n").joined(separator: " "),
        region: region))
  }

  func text(_ style: TextStyle) -> String {
    guard let first = firstDifference.value else {
      let time = Format.duration(of: length, nanoseconds)
      return "verified \(ByteCount(length)) of \(region.quoted): equal to \(label), in \(time)\n"
    }
    if differing == 0 {
      return
        "\(region.quoted) and \(label) are equal up to the end of the shorter input\(lengths)\n"
    }
    return """
      \(region.quoted) differs from \(label): first at offset \(first), \(differing) of \
      \(length) bytes differ\(lengths)

      """
  }

  private var lengths: String {
    switch end {
    case .equal: ""
    case .shorter(let count): ", and the input ends \(count) bytes before the end of the range"
    case .longer(let count?): ", and the input has \(count) bytes more than the range"
    case .longer(nil): ", and the input is longer than the range"
    }
  }
}
