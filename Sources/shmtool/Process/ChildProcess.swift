import CShm
import CShmTool
import Glibc
import ShmCore
import SystemPackage

/// A command that runs as a child, with regions as open descriptors from 3 on.
///
/// swift-subprocess closes every descriptor above 2 in a child, but regions are passed as such descriptors.
/// So this calls vfork(2) itself.
struct ChildProcess: ~Copyable {
  /// Its number, which the kernel does not reuse before the child was waited for.
  let identifier: pid_t
  /// Readable after it has ended; -1, which poll(2) ignores, if the kernel refuses a pidfd. Its owner
  /// follows. pidfd_open(2)
  let ended: CInt
  private let endedOwner: OwnedDescriptor?

  /// How long a command may take to end after SIGTERM.
  private static let grace = Duration.seconds(2)

  /// Starts a command, found by PATH, with no signal blocked. Signals that this process was started to
  /// ignore stay ignored (nohup); every other disposition is the default.
  ///
  /// - Parameters:
  ///   - arguments: the command and its arguments; not empty, no NUL.
  ///   - executable: the file to execute, if it is not the one that the first argument names.
  ///   - attempt: the beginning of messages; nil for "cannot run" and the command.
  ///   - input: becomes its standard input; nil for this process's.
  ///   - output: becomes its standard output; nil for this process's.
  ///   - descriptors: become 3, 4, … in the child; no other descriptor of this library is passed on.
  ///   - environment: added to this process's.
  ///   - newSession: whether it leaves this process's session and terminal.
  ///   - newGroup: whether it leads a process group.
  ///   - closesOthers: whether other descriptors that this process inherited are closed in the child.
  /// - Throws: `ShmError`: `commandNotFound`, `cannotRun`; `system` if the child could not be set up.
  ///   No command runs then.
  init(
    _ arguments: [[UInt8]], executable: FilePath? = nil, attempt: String? = nil, input: CInt? = nil,
    output: CInt? = nil, descriptors: [CInt] = [], environment: [(String, String)] = [],
    newSession: Bool = false, newGroup: Bool = false, closesOthers: Bool = false
  ) throws(ShmError) {
    let words = unsafe CStrings(arguments, after: nil)
    let variables = unsafe CStrings(
      environment.map { Array("\($0.0)=\($0.1)".utf8) }, after: environ)
    let defaults = TerminationSignals.ownDispositions
    var step: CInt = 0
    let answer = unsafe (executable ?? FilePath(bytes: arguments[0])).withPlatformString { file in
      unsafe descriptors.withUnsafeBufferPointer { numbers in
        defer { withExtendedLifetime((words, variables)) {} }
        var command = unsafe cshmtool_command(
          file: file, arguments: words.pointers, environment: variables.pointers,
          input: input ?? -1, output: output ?? -1, descriptors: numbers.baseAddress,
          count: CInt(numbers.count), new_session: newSession ? 1 : 0, new_group: newGroup ? 1 : 0,
          close_others: closesOthers ? 1 : 0, defaults: defaults)
        return unsafe cshmtool_start(&command, &step)
      }
    }
    if answer < 0 {
      let error = Errno(rawValue: -answer)
      let name = Escaping.quoted(arguments[0])
      let attempt = attempt ?? "cannot run \(name)"
      // Failures of execve(2) have statuses of their kind; other failures are those of the system.
      guard step == CInt(CSHMTOOL_STEP_EXECUTE), executable == nil else {
        throw ShmError(
          .system, attempt, "the new process could not be set up: \(error.reason)",
          remedy: error.remedy, shortage: error.shortage, errorNumber: error.rawValue)
      }
      throw Self.explain(error, name)
    }
    identifier = answer
    // Without a pidfd, waitid(2) tells the end.
    let watch = cshm_pidfd_open(answer)
    ended = watch < 0 ? -1 : watch
    endedOwner = watch < 0 ? nil : OwnedDescriptor(adopting: watch)
  }

  /// Why a command could not be started.
  static func explain(_ error: Errno, _ name: String) -> ShmError {
    let attempt = "cannot run \(name)"
    return error == .noSuchFileOrDirectory
      ? ShmError(.commandNotFound, attempt, "command not found")
      : ShmError(.cannotRun, attempt, error.reason, errorNumber: error.rawValue)
  }

  /// Sends a signal, unless the child has ended. kill(2)
  static func send(_ signal: CInt, to child: pid_t) {
    _ = kill(child, signal)
  }

  /// Whether a child has ended; false as well if the kernel refuses to answer. waitid(2)
  static func hasEnded(_ child: pid_t) -> Bool { cshmtool_has_ended(child) == 1 }

  /// Waits for its end, and returns how it ended. waitpid(2)
  consuming func wait() throws(Errno) -> CommandEnd {
    var status: CInt = 0
    let answer = unsafe cshmtool_wait(identifier, &status)
    if answer < 0 { throw Errno(rawValue: -answer) }
    return CommandEnd(code: cshmtool_exit_code(status))
  }

  /// Ends the child and waits for its end: SIGTERM first, SIGKILL after two seconds. A command never
  /// continues without the regions that it was started with.
  consuming func end() {
    Self.send(SIGTERM, to: identifier)
    let deadline = Deadline(after: Self.grace)
    while !Self.hasEnded(identifier) {
      guard !deadline.hasPassed else {
        Self.send(SIGKILL, to: identifier)
        break
      }
      Waiter.pause(.milliseconds(5))
    }
    _ = try? wait()
  }
}

/// A null-terminated array of C strings, as execve(2) requires it.
@safe private final class CStrings {
  let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  private let count: Int

  /// Copies of the strings of `first`, byte by byte, followed by `strings`.
  init(
    _ strings: [[UInt8]], after first: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
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
      unsafe pointers[inherited + index] = (string.map { CChar(bitPattern: $0) } + [0])
        .withUnsafeBufferPointer { unsafe $0.baseAddress.flatMap { unsafe strdup($0) } }
    }
    unsafe pointers[count] = nil
  }

  deinit {
    for index in 0..<count { unsafe free(pointers[index]) }
    unsafe pointers.deallocate()
  }
}
