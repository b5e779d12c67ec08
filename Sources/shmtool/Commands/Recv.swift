import ArgumentParser
import Glibc
import ShmCopying
import ShmCore
import ShmStreams
import SystemPackage

struct Recv: CommandRunner {
  static let configuration = CommandConfiguration(
    subcommand: "recv",
    abstract: "Receive a stream through shared memory",
    usage: "shmtool recv [OPTIONS] NAME [-- CMD ...]",
    discussion: """
      Writes the stream to stdout, to FILE, or to CMD. recv exits with 0 only after it has \
      received the end of the stream and delivered every byte. What it delivers before a \
      failure is a correct prefix of the stream. Sender and receivers must belong to the same \
      user. They meet in /dev/shm, or in the directory that the environment variable \
      SHMTOOL_DIR names. NAME and \
      stream:NAME mean the same stream.

      FILE becomes visible only when it is complete and on its device. It gets the owner, \
      mode, ACL and extended attributes of the file that it replaces. /dev/fd/N is written \
      through that descriptor.

      If CMD fails, shmtool exits with the status of CMD. If the stream fails, CMD and the \
      processes that it started in this session get SIGTERM, and SIGKILL after 2 s. Their \
      input ends only after that, so no stage of a pipeline takes an incomplete stream for a \
      complete stream. There are three exceptions. A process can leave the session. A stage can \
      ignore SIGTERM while an earlier stage exits. And shmtool itself can be killed with \
      SIGKILL.

      --framed writes records with checksums and an end record. CMD passes them to 'send --framed' \
      on another host, and its stdout carries the acknowledgement back. Without a valid \
      acknowledgement recv exits with 69, or with 76 if the far end reports why it aborted. \
      Without CMD the framed format goes to stdout and is not acknowledged. Exit status 0 does not \
      mean then that the far end received the stream.
      """,
    aliases: ["receive"])

  static let examples = [
    "shmtool recv backup -- tar x -C /restore",
    "shmtool recv backup --output data.tar",
    "shmtool recv backup --framed -- ssh there shmtool send backup --framed",
  ]

  enum CodingKeys: CodingKey {
    case name, output, noSync, framed, force, stream
  }

  @Argument(
    help: ArgumentHelp("Name of the stream", valueName: "NAME"),
    completion: CompletionDomain.stream.kind,
    transform: StreamReference.parse)
  var name: RegionName

  /// The words after `--`.
  var command: [[UInt8]] = []

  @Option(
    name: [.customShort("o", allowingJoined: true), .long],
    help: ArgumentHelp("Write FILE; - means stdout", valueName: "FILE"),
    completion: .file(), transform: FileArgument.parse)
  var output: FilePath?

  @Flag(help: "Do not sync FILE to its device")
  var noSync = false

  @Flag(help: "Write the framed format, for 'send --framed' on another host")
  var framed = false

  @Flag(name: .shortAndLong, help: "Write raw bytes even to a terminal")
  var force = false

  @OptionGroup var stream: StreamArguments

  func check() throws {
    if !command.isEmpty, output != nil {
      throw ValidationError("--output and CMD cannot be used together")
    }
    if framed, path != nil {
      throw ValidationError("--framed and --output FILE cannot be used together")
    }
    if noSync, output == nil { throw ValidationError("--no-sync requires --output") }
    if stream.reportFd == STDOUT_FILENO, command.isEmpty, path == nil {
      throw ValidationError("--report-fd 1 conflicts with the stream on stdout")
    }
  }

  /// The file to write; nil for stdout.
  private var path: FilePath? { output == "-" ? nil : output }

  func run() throws {
    try stream.checkReport()
    let place = try StreamArguments.place(name)
    let isTerminal = try path.map { (path) throws(ShmError) in try OutputFile.check(path) }
    if command.isEmpty, !force, isTerminal ?? StandardStreams.isTerminal(STDOUT_FILENO) {
      throw ShmError(
        .usage, "cannot receive \(place.name.quoted)", "raw bytes would disturb the terminal",
        remedy: "use --output, CMD or --force")
    }
    // Checked now instead of after the sender has connected.
    try PipedCommand.check(command, path: ProcessEnvironment.path)
    try StreamInterruption.watching { interrupt in
      var receiver = try WaitNotice.during(
        "waiting for a sender of \(place.name.quoted); Ctrl-C stops", isQuiet: stream.quiet
      ) { () throws(ShmError) in
        try StreamReceiver.meet(at: place, options: stream.options(interrupt: interrupt))
      }
      let line = ProgressLine(
        total: receiver.expectedBytes, isWanted: stream.progress, isQuiet: stream.quiet)
      let report: StreamReport
      var isSynchronized: Bool?
      if let path {
        report = try write(path, from: &receiver, line, &isSynchronized)
      } else if command.isEmpty {
        report = try write(from: &receiver, line)
      } else if framed {
        report = try consumeFramed(from: &receiver, line)
      } else {
        report = try consume(from: &receiver, line)
      }
      _ = line.finish()
      try stream.write(
        TransferReport(
          place.name, "recv", receivers: 1, report, isSynchronized: isSynchronized,
          isAcknowledged: framed && !command.isEmpty ? true : nil))
    }
  }

  private func write(
    from receiver: inout StreamReceiver, _ line: ProgressLine
  ) throws(ShmError) -> StreamReport {
    let name = "standard output"
    if framed {
      try receiver.receiveFramed(to: .standardOutput, named: name, progress: line.update)
    } else {
      try receiver.receive(to: .standardOutput, named: name, progress: line.update)
    }
    do {
      try StandardStreams.closeOutput("cannot write \(name)")
    } catch {
      throw receiver.abortingDelivery(because: error)
    }
    return try receiver.finish()
  }

  private func write(
    _ path: FilePath, from receiver: inout StreamReceiver, _ line: ProgressLine,
    _ isSynchronized: inout Bool?
  ) throws(ShmError) -> StreamReport {
    var file: OutputFile
    do {
      file = try OutputFile(path, isSynchronized: !noSync)
    } catch {
      throw receiver.abortingDelivery(because: error)
    }
    let (output, name) = (FileDescriptor(rawValue: file.rawDescriptor), file.name)
    try receiver.receive(to: output, named: name) { done in
      file.advance(to: done)
      line.update(done)
    }
    try receiver.verify()
    do { try file.publish() } catch { throw receiver.abortingDelivery(because: error) }
    isSynchronized = file.isSynchronized
    return try receiver.finish(in: name)
  }

  private func consume(
    from receiver: inout StreamReceiver, _ line: ProgressLine
  ) throws -> StreamReport {
    let shown = Escaping.quoted(command[0])
    var consumer: PipedCommand
    do {
      consumer = try PipedCommand(command, .consumer, adoptsOrphans: true)
    } catch {
      throw receiver.abortingDelivery(because: error)
    }
    var failure: ShmError?
    do throws(ShmError) {
      do throws(ShmError) {
        let name = "into \(shown)"
        let input = FileDescriptor(rawValue: consumer.descriptor)
        try receiver.receive(to: input, named: name, progress: line.update)
        try receiver.waitUntilTaken(from: input, named: name)
      } catch {
        // If CMD closed its input early, its exit code is the reason. After any other error CMD is ended first, because
        // it would treat the end of an incomplete input as success.
        guard error.kind == .inputOutput else { throw error }
        failure = error
      }
      // CMD sees the end of its input only after the stream has proved complete.
      if failure == nil { try receiver.verify() }
      try consumer.closePipe()
      try receiver.wait(for: FileDescriptor(rawValue: consumer.ended))
    } catch {
      consumer.cancel()
      throw error
    }
    let end = try consumer.finish()
    if end.status != 0 { throw self.failure(of: shown, end, &receiver) }
    if let failure { throw failure }
    return try receiver.finish()
  }
}
