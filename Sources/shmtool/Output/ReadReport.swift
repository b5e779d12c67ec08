import ShmCore

/// Bytes of a region that were written to a file.
struct ReadReport: Report {
  let action = "read"
  let region: RawText
  let bytes: Int
  let offset: Int
  /// Whether the file is on its device; null if it lies in memory.
  let synced: Unknowable<Bool>
  let seconds: Double
  private let nanoseconds: Int
  private let name: String

  enum CodingKeys: CodingKey {
    case action, region, bytes, offset, synced, seconds
  }

  /// - Parameters:
  ///   - reference: the region.
  ///   - name: what the file is called in messages.
  ///   - range: which bytes of the region.
  ///   - isSynchronized: whether the file is on its device.
  ///   - nanoseconds: how long it took.
  init(
    _ reference: RegionReference, _ name: String, _ range: Range<Int>, isSynchronized: Bool?,
    nanoseconds: Int
  ) {
    region = RawText(reference)
    bytes = range.count
    offset = range.lowerBound
    synced = Unknowable(isSynchronized)
    seconds = Double(nanoseconds) / 1e9
    self.name = name
    self.nanoseconds = nanoseconds
  }

  func text(_ style: TextStyle) -> String {
    """
    wrote \(ByteCount(bytes)) of \(region.quoted) to \(name), in \(Format.seconds(nanoseconds)), \
    \(Format.rate(bytes, nanoseconds))\(Format.synchronization(synced.value))

    """
  }
}
