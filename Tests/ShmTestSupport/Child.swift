package import CShm
import Glibc
import ShmCore
import SystemPackage

/// A process that a test starts, watches and waits for. posix_spawn(3)
package struct Child {
  /// Its number.
  package let identifier: pid_t

  /// Starts a command.
  ///
  /// - Parameters:
  ///   - words: the path of the program and its arguments.
  ///   - descriptors: open files that the process gets as 3, 4, …
  /// - Throws: `Errno`
  package init(_ words: [String], descriptors: [CInt] = []) throws {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    for (index, raw) in descriptors.enumerated() {
      unsafe posix_spawn_file_actions_adddup2(&actions, raw, 3 + CInt(index))
    }
    var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
    defer { unsafe arguments.forEach { unsafe free($0) } }
    var identifier = pid_t()
    try SystemCall.checkNumber {
      unsafe posix_spawnp(&identifier, words[0], &actions, nil, &arguments, environ)
    }
    self.identifier = identifier
  }

  /// Sends it a signal. kill(2)
  package func send(_ number: CInt) {
    kill(identifier, number)
  }

  /// Waits for its end.
  ///
  /// - Returns: the exit status, 128 + n after signal n.
  /// - Throws: `Errno`
  package func wait() throws -> Int {
    var status: CInt = 0
    try SystemCall.check { unsafe waitpid(identifier, &status, 0) }
    let signal = Int(status & 0x7F)
    return signal == 0 ? Int(status >> 8 & 0xFF) : 128 + signal
  }
}
