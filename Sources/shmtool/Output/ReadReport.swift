import ShmCore

/// Bytes of a region that were written to a file.
struct ReadReport: Report {
  let action = "read"
  let region: RawText
  let offset: Int
  let length: Int
  /// Whether the file was brought onto its device; null for a file in memory.
  let synced: Unknowable<Bool>
  let seconds: Double
  private let nanoseconds: Int
  private let name: String

  enum CodingKeys: CodingKey {
    case action, region, offset, length, synced, seconds
  }

  /// - Parameters:
  ///   - reference: the region.
  ///   - name: the name of the file in messages.
  ///   - range: the bytes of the region.
  ///   - isSynchronized: whether the file was brought onto its device.
  ///   - nanoseconds: the duration.
  init(
    _ reference: RegionReference, _ name: String, _ range: Range<Int>, isSynchronized: Bool?,
    nanoseconds: Int
  ) {
    region = RawText(reference)
    length = range.count
    offset = range.lowerBound
    synced = Unknowable(isSynchronized)
    seconds = Double(nanoseconds) / 1e9
    self.name = name
    self.nanoseconds = nanoseconds
  }

  func text(_ style: TextStyle) -> String {
    """
    wrote \(ByteCount(length)) of \(region.quoted) to \(name), in \
    \(Format.duration(of: length, nanoseconds))\(Format.synchronization(synced.value))

    """
  }
}
