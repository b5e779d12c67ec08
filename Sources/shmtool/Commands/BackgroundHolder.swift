import ArgumentParser
import ShmCore

/// The holder in the background: this program again, in a session of its own.
enum BackgroundHolder {
  /// Starts it with this command's own arguments, and returns when it says that all is wired.
  static func start() throws {
    let arguments = CommandLine.arguments.dropFirst().map { argument in
      argument == "--background" ? WiringHolder.backgroundMark : argument
    }
    let code = try DetachedProcess.start(
      ["shmtool"] + arguments + ["--ready-fd", "3"])
    if code != 0 { throw ExitCode(code) }
  }
}
