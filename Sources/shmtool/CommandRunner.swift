/// A command that runs another command, written after `--`. The argument parser cannot take it after
/// a list of operands, so it is split off first.
protocol CommandRunner: CheckedCommand {
  /// The command and its arguments; empty for none.
  var command: [[UInt8]] { get set }

  /// Whether the words after `--` are a command, by the words before; else they are operands, as with
  /// every other command.
  static func takesCommand(after words: [String]) -> Bool
}

extension CommandRunner {
  static func takesCommand(after words: [String]) -> Bool { true }
}
