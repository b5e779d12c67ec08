import ShmCore

/// The bytes that a command holds, for the line on a terminal.
struct HeldAmount {
  /// The bytes that are held.
  let bytes: Int
  /// The bytes that were requested.
  let requested: Int
  /// How they are held.
  let state: String

  /// Wired pages. Fewer bytes than requested can be wired with --best-effort.
  static func wired(_ reports: [Mapping.WiringReport]) -> HeldAmount {
    HeldAmount(
      bytes: reports.reduce(0) { $0 &+ $1.wired },
      requested: reports.reduce(0) { $0 &+ $1.covered.count }, state: "wired")
  }

  /// Mapped bytes.
  static func mapped(_ bytes: Int) -> HeldAmount {
    HeldAmount(bytes: bytes, requested: bytes, state: "mapped")
  }

  /// The amount in words: "64 MiB wired", or "8 MiB of 64 MiB wired".
  var text: String {
    let (all, held) = ByteCount(requested).distinguished(from: ByteCount(bytes))
    return bytes == requested ? "\(held) \(state)" : "\(held) of \(all) \(state)"
  }

  /// A line for a terminal: what is held, and what ends the holding.
  ///
  /// - Parameter terms: what ends the holding besides a signal; empty if only a signal does.
  /// - Returns: the line with its end.
  func line(_ terms: [String]) -> String {
    guard !terms.isEmpty else { return "holding \(text); Ctrl-C releases\n" }
    return "holding \(text) \(terms.joined(separator: " and ")); Ctrl-C releases earlier\n"
  }
}
