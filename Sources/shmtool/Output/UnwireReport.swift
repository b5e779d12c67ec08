import ShmCore

/// The regions that background holders have released.
struct UnwireReport: Report {
  /// One region of one holder.
  struct Row: Encodable {
    /// The reference, or the former name of a removed region.
    let region: RawText
    let reference: Unknowable<RawText>
    let removed: Bool
    let wired: Int
    let pid: Int32

    init(_ holder: WiringHolder) {
      region = RawText(holder)
      reference = Unknowable(holder.reference.map { RawText($0) })
      removed = holder.reference == nil
      wired = holder.wired
      pid = holder.process
    }
  }

  let action = "unwire"
  let regions: [Row]
  /// The operands that could not be released.
  let errors: [ErrorReport]

  func text(_ style: TextStyle) -> String {
    regions.map { row in
      let name = "\(row.region.quoted)" + (row.removed ? ", which was removed" : "")
      return "unwired \(ByteCount(row.wired)) of \(name), held by process \(row.pid)\n"
    }.joined()
  }
}
