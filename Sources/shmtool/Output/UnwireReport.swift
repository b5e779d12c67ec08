import ShmCore

/// The regions that background holders have released.
struct UnwireReport: Report {
  /// One region of one holder.
  struct Row: Encodable {
    let region: RawText
    let deleted: Bool
    let bytes: Int
    let pid: Int32

    init(_ holder: WiringHolder) {
      region = RawText(holder)
      deleted = holder.reference == nil
      bytes = holder.wired
      pid = holder.process
    }
  }

  let action = "unwire"
  let regions: [Row]
  /// The operands that could not be released.
  let errors: [Operands.Failure]

  func text(_ style: TextStyle) -> String {
    regions.map { row in
      let name = "\(row.region.quoted)" + (row.deleted ? ", which was removed" : "")
      return "unwired \(ByteCount(row.bytes)) of \(name), held by process \(row.pid)\n"
    }.joined()
  }
}
