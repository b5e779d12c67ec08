import ShmCore

/// The removed names.
struct RemoveReport: Report {
  /// A region, or the socket of a stream.
  struct Row: Encodable {
    let region: RawText
    let bytes: Int
    /// Whether it was left by a killed sender.
    let stream: Bool
    /// Whether it is a System V segment that exists until its last process detaches it.
    let attached: Bool

    init(region: RawText, bytes: Int, stream: Bool, attached: Bool = false) {
      self.region = region
      self.bytes = bytes
      self.stream = stream
      self.attached = attached
    }

    init(stream name: RegionName) {
      self.init(region: RawText(StreamReference.argument(name)), bytes: 0, stream: true)
    }
  }

  let action = "remove"
  let regions: [Row]
  /// The operands that could not be removed.
  let errors: [Operands.Failure]

  func text(_ style: TextStyle) -> String {
    regions.map { row in
      row.stream
        ? "removed \(row.region.quoted), a stream of a killed sender\n"
        : row.attached
          ? "marked \(row.region.quoted) for destruction when its last process detaches it\n"
          : "removed \(row.region.quoted), \(ByteCount(row.bytes))\n"
    }.joined()
  }
}
