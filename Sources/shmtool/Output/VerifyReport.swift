import ShmCopying
import ShmCore

/// The result of a verification.
struct VerifyReport: Report {
  let region: RawText
  let equal: Bool
  let bytes: Int
  let offset: Int
  let firstDifference: Unknowable<Int>
  let differingBytes: Int
  /// The number of missing or surplus bytes of the input; null if unknown.
  let missingBytes: Int
  let surplusBytes: Unknowable<Int>
  let seconds: Double
  private let label: String
  private let nanoseconds: Int
  private let length: Difference.Length

  enum CodingKeys: CodingKey {
    case region, equal, bytes, offset, firstDifference, differingBytes, missingBytes
    case surplusBytes, seconds
  }

  init(
    _ region: RegionReference, label: String, range: Range<Int>, difference: Difference?,
    nanoseconds: Int
  ) {
    self.region = RawText(region)
    equal = difference == nil
    bytes = range.count
    offset = range.lowerBound
    firstDifference = Unknowable(difference?.first)
    differingBytes = difference?.count ?? 0
    length = difference?.length ?? .equal
    switch length {
    case .equal: (missingBytes, surplusBytes) = (0, Unknowable(0))
    case .shorter(let count): (missingBytes, surplusBytes) = (count, Unknowable(0))
    case .longer(let count): (missingBytes, surplusBytes) = (0, Unknowable(count))
    }
    seconds = Double(nanoseconds) / 1e9
    self.label = label
    self.nanoseconds = nanoseconds
  }

  func text(_ style: TextStyle) -> String {
    guard let first = firstDifference.value else {
      let time = Format.duration(of: bytes, nanoseconds)
      return "verified \(ByteCount(bytes)) of \(region.quoted): equal to \(label), in \(time)\n"
    }
    if differingBytes == 0 {
      return "\(region.quoted) is equal to \(label) up to the end of the shorter one\(lengths)\n"
    }
    return """
      \(region.quoted) differs from \(label): first at offset \(first), \(differingBytes) of \
      \(bytes) bytes differ\(lengths)

      """
  }

  private var lengths: String {
    switch length {
    case .equal: ""
    case .shorter(let count): ", and the input ends \(count) bytes before the end of the range"
    case .longer(let count?): ", and the input has \(count) bytes more than the range"
    case .longer(nil): ", and the input is longer than the range"
    }
  }
}
