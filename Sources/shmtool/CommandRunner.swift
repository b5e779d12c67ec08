/// A command that runs another one, written behind `--`. The argument parser cannot take it behind
/// a list of operands, so it is split off first.
protocol CommandRunner: CheckedCommand {
  /// The command and its arguments; empty for none.
  var command: [[UInt8]] { get set }

  /// Whether what stands behind `--` is a command, by the words before; else it is operands, as with
  /// every other command.
  static func takesCommand(after words: [String]) -> Bool
}

extension CommandRunner {
  static func takesCommand(after words: [String]) -> Bool { true }
}
