import ShmCore

/// The removed names.
struct RemoveReport: Report {
  /// A region, or the socket of a stream.
  struct Row: Encodable {
    let region: RawText
    /// The size of the region; null for a stream, which a killed sender has left.
    let size: Unknowable<Int>
    /// Whether it is a System V segment that exists until its last process detaches it.
    let attached: Bool

    init(region: RegionReference, size: Int, attached: Bool = false) {
      self.region = RawText(region)
      self.size = Unknowable(size)
      self.attached = attached
    }

    init(stream name: RegionName) {
      region = RawText(StreamReference.argument(name))
      size = Unknowable(nil)
      attached = false
    }
  }

  let action = "remove"
  let regions: [Row]
  /// The operands that could not be removed.
  let errors: [ErrorReport]

  func text(_ style: TextStyle) -> String {
    regions.map { row in
      if row.attached {
        return "marked \(row.region.quoted) for destruction when its last process detaches it\n"
      }
      let what = row.size.value.map { "\(ByteCount($0))" } ?? "a stream of a killed sender"
      return "removed \(row.region.quoted), \(what)\n"
    }.joined()
  }
}
