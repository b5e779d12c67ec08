import Glibc
import ShmCore

/// Repeated output: a terminal is redrawn in place, as top(1) does; any other output gets one text after the other.
struct Screen {
  private let isTerminal = StandardStreams.isTerminal(STDOUT_FILENO)
  private var isDrawn = false

  /// Replaces the previous text.
  mutating func show(_ text: String) throws(ShmError) {
    defer { isDrawn = true }
    guard isTerminal else { return try Output.write((isDrawn ? "\n" : "") + text) }
    // Overwrites line by line, because a cleared screen flickers.
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    // Lines below the window would scroll the first lines out, which have the figures and rates.
    if let rows = Terminal.rows(STDOUT_FILENO), lines.count > rows {
      lines = lines.prefix(max(1, rows - 1)) + ["… a window of \(lines.count) rows shows all"]
    }
    let clear = isDrawn ? "" : "\u{1B}[2J"
    try Output.write(clear + "\u{1B}[H" + lines.joined(separator: "\u{1B}[K\n") + "\u{1B}[J")
  }
}
