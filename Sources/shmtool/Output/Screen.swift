import Glibc
import ShmCore

/// Standard output that is redrawn: a terminal in place, as top(1) does, and anything
/// else one after the other.
struct Screen {
  private let isTerminal = StandardStreams.isTerminal(STDOUT_FILENO)
  private var isDrawn = false

  /// Shows a text in place of the one before.
  mutating func show(_ text: String) throws(ShmError) {
    defer { isDrawn = true }
    guard isTerminal else { return try Output.write((isDrawn ? "\n" : "") + text) }
    // Line by line over what stands there: a screen that is cleared first flickers.
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    // What is below the window would push out what stands first: the figures and their rates.
    if let rows = Terminal.rows(STDOUT_FILENO), lines.count > rows {
      lines = lines.prefix(max(1, rows - 1)) + ["… a window of \(lines.count) rows shows all"]
    }
    let clear = isDrawn ? "" : "\u{1B}[2J"
    try Output.write(clear + "\u{1B}[H" + lines.joined(separator: "\u{1B}[K\n") + "\u{1B}[J")
  }
}
