/// A command that checks its arguments together after all of them were parsed. The parser then reports an unknown
/// option first, not an operand that is missing because of it.
protocol CheckedCommand: DocumentedCommand {
  /// Refuses arguments that cannot be combined.
  func check() throws
}

/// A command that runs another command, written after `--`. The argument parser cannot take a command after a list of
/// operands, so the program splits it off first.
protocol CommandRunner: CheckedCommand {
  /// The command and its arguments; empty without a command.
  var command: [[UInt8]] { get set }
  /// Whether the words after `--` are a command, which depends on the words before. Otherwise they are operands, as
  /// with every other command.
  static func takesCommand(after words: [String]) -> Bool
  /// The option without which the command runs no other command; nil without such an option.
  static var commandRequirement: String? { get }
}

extension CommandRunner {
  static func takesCommand(after words: [String]) -> Bool { true }
  static var commandRequirement: String? { nil }
}
