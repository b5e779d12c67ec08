import CShm

/// What is known of a terminal.
package enum Terminal {
  /// How many columns it has; nil for what is no terminal, and where it does not say.
  /// TIOCGWINSZ of ioctl_tty(2)
  package static func columns(_ raw: CInt) -> Int? {
    let columns = Int(cshm_terminal_columns(raw))
    return columns > 0 ? columns : nil
  }

  /// How many rows it has, as `columns`.
  package static func rows(_ raw: CInt) -> Int? {
    let rows = Int(cshm_terminal_rows(raw))
    return rows > 0 ? rows : nil
  }
}
