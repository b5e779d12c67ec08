import ArgumentParser
import ShmCore

/// The background holder: this program again, in another session.
enum BackgroundHolder {
  /// Starts it with this command's own arguments, and returns when it says that all is wired.
  static func start() throws {
    var words = Program.words()
    let options = words.prefix { $0 != "--" }
    for index in options.indices where options[index] == "--background" {
      words[index] = WiringHolder.backgroundMark
    }
    // After the subcommand: after `--` it would be another operand.
    words.insert(contentsOf: ["--ready-fd=3"], at: 1)
    let code = try DetachedProcess.start((["shmtool"] + words).map { ArgumentBytes.bytes($0) })
    if code != 0 { throw ExitCode(code) }
  }
}
