import ShmCore

/// The result of a command on a region.
struct ActionReport: Report {
  let action: String
  let region: RawText
  let bytes: Int
  let offset: Int
  let seconds: Double
  /// All seals that the region has now; omitted by commands other than `seal`.
  let seals: [String]?
  private let sentence: String

  enum CodingKeys: CodingKey {
    case action, region, bytes, offset, seconds, seals
  }

  /// - Parameters:
  ///   - action: the command's word, for JSON.
  ///   - region: the region.
  ///   - sentence: the result for the text.
  ///   - bytes: the number of processed bytes.
  ///   - offset: the offset of the first of these bytes.
  ///   - nanoseconds: the duration.
  ///   - isRateKnown: whether the bytes were copied in this time.
  init(
    _ action: String, _ region: RegionReference, _ sentence: String, bytes: Int, offset: Int = 0,
    nanoseconds: Int, isRateKnown: Bool = true
  ) {
    self.action = action
    self.region = RawText(region)
    self.bytes = bytes
    self.offset = offset
    seconds = Double(nanoseconds) / 1e9
    seals = nil
    let time = Format.duration(of: isRateKnown ? bytes : 0, nanoseconds)
    self.sentence = "\(sentence), in \(time)"
  }

  /// For an action without a duration.
  init(
    _ action: String, _ region: RegionReference, _ sentence: String, bytes: Int,
    seals: Seals? = nil
  ) {
    self.action = action
    self.region = RawText(region)
    self.bytes = bytes
    offset = 0
    seconds = 0
    self.seals = seals?.words
    self.sentence = sentence
  }

  func text(_ style: TextStyle) -> String { sentence + "\n" }
}
