import ShmCore

/// Whether a region holds what it should.
struct VerifyReport: Report {
  let region: String
  let equal: Bool
  let bytes: Int
  let offset: Int
  let firstDifference: Unknowable<Int>
  let differingBytes: Int
  let seconds: Double
  private let label: String
  private let nanoseconds: Int

  enum CodingKeys: CodingKey {
    case region, equal, bytes, offset, firstDifference, differingBytes, seconds
  }

  init(
    _ region: RegionReference, label: String, range: Range<Int>, difference: Difference?,
    nanoseconds: Int
  ) {
    self.region = region.description
    equal = difference == nil
    bytes = range.count
    offset = range.lowerBound
    firstDifference = Unknowable(difference?.first)
    differingBytes = difference?.count ?? 0
    seconds = Double(nanoseconds) / 1e9
    self.label = label
    self.nanoseconds = nanoseconds
  }

  func text(_ style: TextStyle) -> String {
    guard let first = firstDifference.value else {
      let time = "\(Format.seconds(nanoseconds)), \(Format.rate(bytes, nanoseconds))"
      return "verified \(ByteCount(bytes)) of '\(region)': equal to \(label), in \(time)\n"
    }
    return """
      '\(region)' differs from \(label): first at offset \(first), \(differingBytes) of \
      \(bytes) bytes differ

      """
  }
}
