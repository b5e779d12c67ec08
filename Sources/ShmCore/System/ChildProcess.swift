package import CShm
import Glibc
package import SystemPackage

/// A command that runs as a child, with regions as open descriptors from 3 on.
///
/// swift-subprocess closes every descriptor above 2 in a child, and a region that is handed on is
/// one, so this is posix_spawn(3) itself.
package struct ChildProcess: ~Copyable {
  /// Its number; it stays this child's until it has been waited for.
  package let identifier: pid_t
  /// Readable when it has ended. pidfd_open(2)
  package let ended: OwnedDescriptor

  /// Starts a command, found by PATH, with no signal blocked. What this process was started to ignore is
  /// ignored there as well (nohup); every other disposition is the default.
  ///
  /// - Parameters:
  ///   - arguments: the command and its arguments; not empty, no NUL.
  ///   - executable: what is run, where it is not what the first argument says.
  ///   - input: becomes its standard input; nil for this process's.
  ///   - output: becomes its standard output; nil for this process's.
  ///   - descriptors: become 3, 4, … in the child; nothing else that this library has open
  ///     is handed on.
  ///   - environment: added to this process's.
  ///   - newSession: whether it leaves this process's session and terminal.
  ///   - closesOthers: whether what this process was given open beyond that is closed there.
  /// - Throws: `Errno`: what exec says, too, for the command that cannot be run.
  package init(
    _ arguments: [String], executable: String? = nil, input: CInt? = nil, output: CInt? = nil,
    descriptors: [CInt],
    environment: [(String, String)],
    newSession: Bool = false, closesOthers: Bool = false
  ) throws(Errno) {
    var actions = unsafe posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }

    // Duplicates above every target, so that no dup2 overwrites a source that is still wanted.
    var sources: [CInt] = []
    defer { for source in sources { _ = close(source) } }
    for descriptor in descriptors {
      sources.append(
        try SystemCall.checkNegated {
          cshm_fcntl(descriptor, F_DUPFD_CLOEXEC, CInt(3 + descriptors.count))
        })
    }
    // Above the standard streams, as every descriptor of this process is.
    if let input { unsafe posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO) }
    if let output { unsafe posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO) }
    for (index, source) in sources.enumerated() {
      unsafe posix_spawn_file_actions_adddup2(&actions, source, CInt(3 + index))
    }
    if closesOthers {
      unsafe cshm_spawn_close_from(&actions, CInt(3 + descriptors.count))
    }
    var none = sigset_t()
    unsafe sigemptyset(&none)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    var defaults = TerminationSignals.ownDispositions
    unsafe posix_spawnattr_setsigdefault(&attributes, &defaults)
    let flags = Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)
    unsafe posix_spawnattr_setflags(
      &attributes, newSession ? flags | cshm_POSIX_SPAWN_SETSID : flags)

    var identifier: pid_t = 0
    let words = unsafe CStrings(arguments, after: nil)
    let variables = unsafe CStrings(environment.map { "\($0.0)=\($0.1)" }, after: environ)
    try SystemCall.checkNumber {
      unsafe (executable ?? arguments[0]).withCString { command in
        unsafe posix_spawnp(
          &identifier, command, &actions, &attributes, words.pointers, variables.pointers)
      }
    }
    do throws(Errno) {
      ended = OwnedDescriptor(
        adopting: try SystemCall.checkNegated { cshm_pidfd_open(identifier) })
    } catch {
      // A child that cannot be watched is not left to run.
      var status: CInt = 0
      kill(identifier, SIGKILL)
      _ = unsafe waitpid(identifier, &status, 0)
      throw error
    }
    self.identifier = identifier
  }

  /// Why a command could not be started.
  static func explain(_ error: Errno, _ name: String) -> ShmError {
    let attempt = "cannot run '\(name)'"
    return error == .noSuchFileOrDirectory
      ? ShmError(.commandNotFound, attempt, "there is no such command")
      : ShmError(.cannotRun, attempt, error.reason, errorNumber: error.rawValue)
  }

  /// Sends a signal; one that has ended is left in peace. kill(2)
  package static func send(_ signal: CInt, to child: pid_t) {
    _ = kill(child, signal)
  }

  /// Waits for its end: its exit code, or 128 and the signal's number. waitpid(2)
  package consuming func wait() throws(Errno) -> CInt {
    var status: CInt = 0
    let identifier = self.identifier
    try SystemCall.check { unsafe waitpid(identifier, &status, 0) }
    return cshm_exit_code(status)
  }
}

/// A null-terminated array of C strings, as exec wants it.
@safe private final class CStrings {
  let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  private let count: Int

  /// Copies of the strings of `first`, byte by byte, and of `strings` behind them.
  init(
    _ strings: [String], after first: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
  ) {
    var inherited = 0
    if let first = unsafe first {
      while unsafe first[inherited] != nil { inherited += 1 }
    }
    count = inherited + strings.count
    unsafe pointers = .allocate(capacity: count + 1)
    for index in 0..<inherited {
      if let string = unsafe first?[index] { unsafe pointers[index] = strdup(string) }
    }
    for (index, string) in strings.enumerated() {
      unsafe pointers[inherited + index] = strdup(string)
    }
    unsafe pointers[count] = nil
  }

  deinit {
    for index in 0..<count { unsafe free(pointers[index]) }
    unsafe pointers.deallocate()
  }
}
