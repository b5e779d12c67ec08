import ArgumentParser
import Glibc
import ShmCopying
import ShmCore
import ShmStreams
import SystemPackage

struct Send: CommandRunner {
  static let configuration = CommandConfiguration(
    subcommand: "send",
    abstract: "Send a stream through shared memory",
    usage: "shmtool send [OPTIONS] NAME [FILE] [-- CMD ...]",
    discussion: """
      Sends FILE, stdin, or the output of CMD. Start the receivers with 'shmtool recv NAME', \
      before or after the sender. send exits with 0 only after every receiver has delivered every \
      byte. Sender and receivers must belong to the same user. They meet in /dev/shm, or in the \
      directory that the environment variable SHMTOOL_DIR names.

      A regular file must not change while it is sent; send a growing file, such as a log, \
      through a pipe. In a pipeline, send cannot detect that the producer failed. With CMD it can: \
      if CMD fails, send aborts the stream and exits with the status of CMD. If the stream fails, \
      CMD and the processes that it started in this session get SIGTERM, and SIGKILL after 2 s.

      --framed reads the format that 'recv --framed' writes on another host. If the input ends \
      before the end record, send aborts the stream and exits with 76. If the input is \
      damaged, send exits with 65. It stops reading after the end record. When every receiver \
      has delivered every byte, send writes an acknowledgement to stdout, unless stdout is a \
      terminal. --stall-timeout then also limits the wait for receivers.
      """)

  static let examples = [
    "shmtool send backup -- tar c /data",
    "shmtool send disk --receivers 2 --checksum disk.img",
  ]

  enum CodingKeys: CodingKey {
    case name, file, receivers, capacity, huge, checksum, framed, stream
  }

  @Argument(
    help: ArgumentHelp("Name of the stream", valueName: "NAME"), transform: StreamReference.parse)
  var name: RegionName

  @Argument(
    help: ArgumentHelp("Input (default: stdin); - means stdin", valueName: "FILE"),
    completion: .file(), transform: FileArgument.parse)
  var file: FilePath?

  /// The words after `--`.
  var command: [[UInt8]] = []

  @Option(
    help: ArgumentHelp("Number of receivers, 1 to 16; each gets every byte", valueName: "COUNT"))
  var receivers = 1

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Size of the ring, a power of two (default: 4M)", valueName: "SIZE"),
    transform: ByteSize.parse)
  var capacity: ByteSize?

  @Option(
    help: ArgumentHelp("Use huge pages for the ring, of SIZE if given", valueName: "[=SIZE]"),
    completion: CompletionDomain.pageSize.kind,
    transform: HugePages.parse)
  var huge: HugePages?

  @Flag(help: "Compare a checksum of all bytes at the end (CRC-32C)")
  var checksum = false

  @Flag(help: "Read the framed format, and acknowledge it on stdout")
  var framed = false

  @OptionGroup var stream: StreamArguments

  private static let maximumReceivers = 16

  func check() throws {
    if huge?.isTransparent == true {
      throw ValidationError(
        "invalid SIZE 'transparent' for --huge: expected a page size such as 2M or 1G, or try")
    }
    if !(1...Self.maximumReceivers).contains(receivers) {
      throw ValidationError(
        "invalid COUNT '\(receivers)' for --receivers: expected 1 to \(Self.maximumReceivers)")
    }
    if !command.isEmpty, file != nil { throw ValidationError("FILE and CMD exclude each other") }
    if framed, stream.reportFd == STDOUT_FILENO {
      throw ValidationError(
        "--report-fd 1 conflicts with --framed, which writes the acknowledgement there")
    }
  }

  func run() throws {
    try stream.checkReport()
    let place = try StreamArguments.place(name)
    // Checked now instead of after a receiver has connected.
    try PipedCommand.check(command, path: ProcessEnvironment.path)
    try StreamInterruption.watching { interrupt in
      var options = stream.options(interrupt: interrupt)
      options.receivers = receivers
      if let capacity { options.capacity = capacity.bytes }
      if let huge { options.pages = .huge(huge.pageSize) }
      options.hasChecksum = checksum
      let report = framed ? try sendFramed(at: place, options) : try send(at: place, options)
      try stream.write(
        TransferReport(
          place.name, "send", receivers: receivers, report,
          isAcknowledged: framed && acknowledges ? true : nil))
    }
  }

  private func send(at place: Rendezvous, _ options: StreamOptions) throws -> StreamReport {
    var options = options
    var source: InputSource?
    if command.isEmpty {
      let opened = try InputSource(file ?? "-", waitsForWriter: false)
      if options.expectedBytes == nil { options.expectedBytes = opened.size }
      source = consume opened
    }
    var sender = try meet(at: place, options)
    let line = progressLine(options)
    switch source {
    case .some(let source):
      if file ?? "-" == "-" { WaitNotice.readingTerminal(isQuiet: stream.quiet) }
      try sender.send(
        from: FileDescriptor(rawValue: source.rawDescriptor), named: source.name,
        progress: line.update)
    case nil:
      try produce(into: &sender, line)
    }
    let report = try sender.finish()
    _ = line.finish()
    return report
  }

  /// Waits for the receivers.
  func meet(at place: Rendezvous, _ options: StreamOptions) throws(ShmError) -> StreamSender {
    let peers = receivers == 1 ? "a receiver" : "\(receivers) receivers"
    return try WaitNotice.during(
      "waiting for \(peers) of \(name.quoted); Ctrl-C stops", isQuiet: stream.quiet
    ) { () throws(ShmError) in
      try StreamSender.meet(at: place, options: options)
    }
  }

  func progressLine(_ options: StreamOptions) -> ProgressLine {
    ProgressLine(
      total: options.expectedBytes, isWanted: stream.progress, isQuiet: stream.quiet)
  }

  /// Sends what CMD writes. If CMD fails, the stream is aborted, whatever CMD wrote.
  private func produce(into sender: inout StreamSender, _ line: ProgressLine) throws {
    let producer: PipedCommand
    do throws(ShmError) {
      producer = try PipedCommand(command, .producer, adoptsOrphans: true)
    } catch {
      sender.abort(reason: error.reason)
      throw error
    }
    let name = "the output of \(Escaping.quoted(command[0]))"
    do throws(ShmError) {
      try sender.send(
        from: FileDescriptor(rawValue: producer.descriptor), named: name, progress: line.update)
      // CMD can still fail after it has closed its output.
      try sender.wait(for: FileDescriptor(rawValue: producer.ended))
    } catch {
      producer.cancel()
      throw error
    }
    let end = try producer.finish()
    if end.status != 0 { throw failure(end, &sender) }
  }

  /// Aborts the stream because CMD has failed, and passes its exit status on.
  func failure(_ end: CommandEnd, _ sender: inout StreamSender) -> ReportedFailure {
    sender.abort(reason: "the producer \(end.sentence)")
    Output.complain(
      "cannot send \(name.quoted): \(Escaping.quoted(command[0])) \(end.sentence)")
    return .command(command[0], end)
  }
}
