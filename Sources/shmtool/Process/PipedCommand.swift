import CShm
import CShmTool
import Glibc
import ShmCore
import SystemPackage

/// A command at the other end of a pipe: a producer or a consumer.
struct PipedCommand: ~Copyable {
  /// The direction of the bytes.
  enum Role {
    /// The command writes, and this process reads.
    case producer
    /// The command reads, and this process writes.
    case consumer
  }

  /// How long a command may take to end after SIGTERM.
  private static let grace = Duration.seconds(2)

  private let child: ChildProcess
  /// This process's end of the pipe; nil after it was closed.
  private var end: OwnedDescriptor?
  /// Reads what a consumer writes, if the caller asked for it.
  private let answer: OwnedDescriptorBox?
  private let name: String
  /// Whether orphans become children of this process.
  private let adoptsOrphans: Bool

  /// Forwards the signals that do not end the stream; nil after the command was waited for.
  private var forwarder: SignalForwarder?

  /// The number of this process's end of the pipe, until it is closed.
  let descriptor: CInt
  /// The number of the descriptor that reads what a consumer writes to its standard output; nil if it writes
  /// to that of this process.
  var output: CInt? { answer?.number }

  /// Starts it in the process group of this process. Signals that this process receives and that do not
  /// end it are forwarded to the command; see `SignalForwarder`.
  ///
  /// - Parameters:
  ///   - command: the command and its arguments.
  ///   - role: the direction of the bytes.
  ///   - adoptsOrphans: whether orphans of the command become children of this process, so that `cancel`
  ///     finds them. Without effect if this process has children already.
  ///   - answers: whether `output` can read what a consumer writes to its standard output.
  /// - Throws: `ShmError`: `commandNotFound`, `cannotRun`.
  init(
    _ command: [[UInt8]], _ role: Role, adoptsOrphans: Bool = false, answers: Bool = false
  ) throws(ShmError) {
    let isAlone = adoptsOrphans && Orphans.hasNoChild
    let name = Escaping.quoted(command.first ?? [])
    let ends = try Self.pipe("cannot run \(name)")
    let reading = OwnedDescriptor(adopting: ends[0])
    let writing = OwnedDescriptor(adopting: ends[1])
    let outputs = answers ? try Self.pipe("cannot run \(name)") : []
    let answer = outputs.first.map { OwnedDescriptorBox(OwnedDescriptor(adopting: $0)) }
    // Closed here after the child has its copy: otherwise the end of its output could not be seen.
    let theirs = outputs.last.map { OwnedDescriptorBox(OwnedDescriptor(adopting: $0)) }
    let forwarder: SignalForwarder
    do {
      forwarder = try SignalForwarder(terminations: false)
    } catch {
      throw ShmError("cannot run \(name)", error)
    }
    let started = try ChildProcess(
      command, input: role == .consumer ? ends[0] : nil,
      output: role == .producer ? ends[1] : outputs.last)
    _ = theirs?.take()
    if started.ended < 0 {
      // Without a pidfd the end of the command could not be detected, and the stream could wait forever.
      started.end()
      throw ShmError(
        .system, "cannot watch \(name)",
        """
        the limit on open files is reached, or a sandbox does not permit pidfd_open; the command was \
        ended
        """, remedy: "raise RLIMIT_NOFILE, or allow pidfd_open in the sandbox")
    }
    self.answer = answer
    forwarder.forward(to: started.identifier, watch: started.ended)
    self.forwarder = .some(forwarder)
    self.name = name
    self.adoptsOrphans = isAlone && Orphans.adopt(besides: started.identifier)
    child = started
    descriptor = role == .producer ? ends[0] : ends[1]
    // The child has its own copy of the other end. An open copy here would hide its end.
    switch role {
    case .producer: end = .some(reading)
    case .consumer: end = .some(writing)
    }
  }

  private static func pipe(_ attempt: String) throws(ShmError) -> [CInt] {
    var ends: [CInt] = [-1, -1]
    do {
      _ = try SystemCall.checkNegated { unsafe cshm_pipe(&ends) }
    } catch {
      throw ShmError(attempt, error)
    }
    return ends
  }

  /// Throws if a command obviously cannot be started. access(2)
  ///
  /// - Parameters:
  ///   - command: the command and its arguments.
  ///   - path: the directories to search, separated by colons.
  /// - Throws: `ShmError`: `commandNotFound`, `cannotRun`.
  static func check(_ command: [[UInt8]], path: [UInt8]) throws(ShmError) {
    guard let name = command.first else { return }
    let shown = Escaping.quoted(name)
    let places =
      name.contains(UInt8(ascii: "/"))
      ? [FilePath(bytes: name)]
      : path.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        .map {
          FilePath(bytes: ($0.isEmpty ? Array(".".utf8) : Array($0)) + [UInt8(ascii: "/")] + name)
        }
    if places.contains(where: FileSystem.mayExecute) { return }
    let isThere = places.contains(where: FileSystem.exists)
    throw ChildProcess.explain(isThere ? .permissionDenied : .noSuchFileOrDirectory, shown)
  }

  /// Readable after the command has ended.
  var ended: CInt { child.ended }

  /// How the command ended; nil before its end. waitid(2)
  var result: CommandEnd? {
    let code = cshmtool_ended_code(child.identifier)
    return code < 0 ? nil : CommandEnd(code: code)
  }

  /// Closes this process's end of the pipe: a consumer reads the end of its input. close(2)
  mutating func closePipe() throws(ShmError) {
    guard let end = end.take() else { return }
    do {
      try end.close()
    } catch {
      throw ShmError("cannot write to \(name)", error)
    }
  }

  /// Waits until the command has ended.
  ///
  /// - Returns: how it ended.
  consuming func finish() throws(ShmError) -> CommandEnd {
    let attempt = "cannot wait for \(name)"
    forwarder = nil
    let child = self.child
    do {
      return try child.wait()
    } catch {
      throw ShmError(attempt, error)
    }
  }

  /// Closes this process's end of the pipe, and waits up to 2 s for the end of the command. Called before `cancel`
  /// for a command that does not take the end of its input for success.
  ///
  /// - Returns: how it ended; nil if it has not ended.
  mutating func closeAndWait() -> CommandEnd? {
    try? closePipe()
    _ = try? Waiter.isReady(child.ended, timeout: Self.grace)
    return result
  }

  /// Ends the command and its descendants in this session: SIGTERM first, SIGKILL after 2 s. Only then it
  /// closes the pipe, so that no descendant takes that for the ordinary end of its input.
  consuming func cancel() {
    var tree = ProcessTree(root: child.identifier, hasOrphans: adoptsOrphans)
    tree.end(grace: Self.grace)
    // It has ended, unless the kernel refused to report it.
    ChildProcess.send(SIGTERM, to: child.identifier)
    try? closePipe()
    forwarder = nil
    let child = self.child
    child.end()
  }
}
