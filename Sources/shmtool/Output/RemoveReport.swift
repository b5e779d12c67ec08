import ShmCore

/// What has lost its name.
struct RemoveReport: Report {
  /// One region, or the rendezvous of a stream.
  struct Row: Encodable {
    let region: String
    let bytes: Int
    /// Whether it was what a killed sender has left.
    let stream: Bool
  }

  let action = "remove"
  let regions: [Row]
  /// What could not be removed.
  let errors: [Operands.Failure]

  func text(_ style: TextStyle) -> String {
    regions.map { row in
      row.stream
        ? "removed '\(row.region)', a stream whose sender is gone\n"
        : "removed '\(row.region)', \(ByteCount(row.bytes))\n"
    }.joined()
  }
}
