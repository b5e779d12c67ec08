import CShmTool

/// What is known of a terminal.
enum Terminal {
  /// How many columns it has; nil for what is no terminal, and where it does not say.
  /// TIOCGWINSZ of ioctl_tty(2)
  static func columns(_ raw: CInt) -> Int? {
    let columns = Int(cshmtool_terminal_columns(raw))
    return columns > 0 ? columns : nil
  }

  /// How many rows it has, as `columns`.
  static func rows(_ raw: CInt) -> Int? {
    let rows = Int(cshmtool_terminal_rows(raw))
    return rows > 0 ? rows : nil
  }
}
