import CShmTool

/// The size of a terminal.
enum Terminal {
  /// Its columns; nil if the descriptor is not a terminal or the terminal does not report them.
  /// TIOCGWINSZ of ioctl_tty(2)
  static func columns(_ raw: CInt) -> Int? {
    let columns = Int(cshmtool_terminal_columns(raw))
    return columns > 0 ? columns : nil
  }

  /// Whether a descriptor is a terminal that has no escape sequences.
  static func isPlain(_ raw: CInt) -> Bool {
    StandardStreams.isTerminal(raw) && ["", "dumb"].contains(ProcessEnvironment["TERM"] ?? "")
  }

  /// Its rows, as `columns`.
  static func rows(_ raw: CInt) -> Int? {
    let rows = Int(cshmtool_terminal_rows(raw))
    return rows > 0 ? rows : nil
  }
}
