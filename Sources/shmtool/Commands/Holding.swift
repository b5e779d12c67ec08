import ArgumentParser
import ShmCore

/// The signal that a command was told to end by: everything is taken down, and then it is raised
/// again.
struct Interruption: Error {
  let signal: Int32
}

extension HoldLoop {
  /// Holds until told or while CMD runs, and ends with CMD's exit code or by the signal.
  func hold(command: [String], descriptors: [Int32]) throws {
    switch command.isEmpty ? try wait() : try run(command, descriptors: descriptors) {
    case .signal(let number): throw Interruption(signal: number)
    case .exited(0): return
    case .exited(let code): throw ExitCode(code)
    }
  }
}
