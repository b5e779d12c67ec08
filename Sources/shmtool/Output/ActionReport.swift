import ShmCore

/// The result of a command on a region: on its whole, which has a size, or on a range of it.
struct ActionReport: Report {
  let action: String
  let region: RawText
  /// The size of the region afterwards; omitted by commands that work on a range.
  let size: Int?
  /// The range; omitted by commands that work on the whole.
  let offset: Int?
  let length: Int?
  /// The duration; omitted by `seal`.
  let seconds: Double?
  /// All seals that the region has now; omitted by commands other than `seal`.
  let seals: [String]?
  private let sentence: String

  enum CodingKeys: CodingKey {
    case action, region, size, offset, length, seconds, seals
  }

  /// The bytes of a range that were processed.
  ///
  /// - Parameters:
  ///   - action: the command's word, for JSON.
  ///   - region: the region.
  ///   - sentence: the result for the text.
  ///   - range: the processed bytes.
  ///   - nanoseconds: the duration.
  init(
    _ action: String, _ region: RegionReference, _ sentence: String, range: Range<Int>,
    nanoseconds: Int
  ) {
    self.action = action
    self.region = RawText(region)
    size = nil
    offset = range.lowerBound
    length = range.count
    seconds = Double(nanoseconds) / 1e9
    seals = nil
    self.sentence = "\(sentence), in \(Format.duration(of: range.count, nanoseconds))"
  }

  /// A region that has another size or other seals.
  ///
  /// - Parameters:
  ///   - action: the command's word, for JSON.
  ///   - region: the region.
  ///   - sentence: the result for the text.
  ///   - size: the size of the region.
  ///   - seals: the seals of the region, if they were changed.
  ///   - nanoseconds: the duration; nil for an action without one.
  init(
    _ action: String, _ region: RegionReference, _ sentence: String, size: Int,
    seals: Seals? = nil, nanoseconds: Int? = nil
  ) {
    self.action = action
    self.region = RawText(region)
    self.size = size
    offset = nil
    length = nil
    seconds = nanoseconds.map { Double($0) / 1e9 }
    self.seals = seals?.words
    self.sentence = sentence + (nanoseconds.map { ", in \(Format.seconds($0))" } ?? "")
  }

  func text(_ style: TextStyle) -> String { sentence + "\n" }
}
