import ShmCore

/// What a holder in the background has released.
struct UnwireReport: Report {
  let action = "unwire"
  let region: String
  let bytes: Int
  let pid: Int32

  /// - Parameters:
  ///   - holder: what it held.
  ///   - reference: what the caller calls the region, where it was named.
  init(_ holder: WiringHolder, named reference: RegionReference?) {
    region = reference?.description ?? Escaping.printable(holder.path)
    bytes = holder.wired
    pid = holder.process
  }

  func text(_ style: TextStyle) -> String {
    "unwired \(ByteCount(bytes)) of '\(region)', held by process \(pid)\n"
  }
}
