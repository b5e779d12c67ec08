import CShmTool
import Glibc
import ShmCore

/// Repeated output: a terminal gets its alternate screen, which is redrawn in place, as top(1) does. Any other output,
/// and a terminal without escape sequences, gets one text after the other.
///
/// `deinit` restores the terminal, also after an error, and then prints the messages that were kept.
struct Screen: ~Copyable {
  /// Whether the text is redrawn in place.
  let isRedrawn: Bool
  /// Whether standard input is the terminal of the screen: it is read key by key, and does not echo.
  let hasKeys: Bool
  private var isEntered = false
  private var isDrawn = false

  init() {
    isRedrawn = StandardStreams.isTerminal(STDOUT_FILENO) && !Terminal.isPlain(STDOUT_FILENO)
    hasKeys = isRedrawn && cshmtool_is_same_terminal(STDIN_FILENO, STDOUT_FILENO) == 1
  }

  deinit {
    if isEntered { Self.restore(hasKeys: hasKeys) }
  }

  /// Replaces the previous text.
  mutating func show(_ text: String) throws(ShmError) {
    defer { isDrawn = true }
    guard isRedrawn else { return try Output.write((isDrawn ? "\n" : "") + text) }
    var start = ""
    if !isEntered {
      isEntered = true
      Output.holdMessages()
      if hasKeys { cshmtool_keys_begin(STDIN_FILENO) }
      start = "\u{1B}[?1049h\u{1B}[?25l"
    }
    let rows = Self.rows(
      of: text, columns: Terminal.columns(STDOUT_FILENO) ?? 80, rows: Terminal.rows(STDOUT_FILENO))
    // Overwrites row by row, because a cleared screen flickers. A row is erased before it is written: after its last
    // column, an erasing sequence would take the last character.
    let drawn = rows.map { "\u{1B}[K" + $0 }.joined(separator: "\n")
    let isFull = Terminal.rows(STDOUT_FILENO).map { rows.count >= $0 } ?? false
    try Output.write(start + "\u{1B}[H" + drawn + (isFull ? "" : "\n\u{1B}[J"))
  }

  /// Restores the terminal, and stops the process until it is continued. The next text enters the alternate screen
  /// again.
  mutating func suspend() {
    if isEntered { Self.restore(hasKeys: hasKeys) }
    isEntered = false
    cshmtool_stop(SIGTSTP)
  }

  /// Enters the alternate screen again with the next text, because another program may have used the terminal.
  mutating func invalidate() { isEntered = false }

  private static func restore(hasKeys: Bool) {
    if hasKeys { cshmtool_keys_end(STDIN_FILENO) }
    // Errors are ignored: a terminal that was closed need not be restored.
    try? Output.write("\u{1B}[?25h\u{1B}[?1049l")
    Output.releaseMessages()
  }

  /// The rows of a text on a terminal. If it has more rows than the terminal, the last row says so.
  static func rows(of text: String, columns: Int, rows limit: Int?) -> [String] {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last == "" { lines.removeLast() }
    let rows = lines.flatMap { DisplayWidth.broken($0, to: columns) }
    guard let limit, limit > 0, rows.count > limit else { return rows }
    let note = "… \(rows.count - limit + 1) more rows"
    return rows.prefix(limit - 1) + [DisplayWidth.prefix(of: note, columns: columns)]
  }
}
