import ArgumentParser
import ShmCore
import ShmStreams
import SystemPackage

/// What `send` and `recv` have in common.
struct StreamArguments: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Time to wait for the peer, such as 250ms, 5s, 2m or 1h (default: no limit)",
      valueName: "DURATION"),
    transform: TimeSpan.parse)
  var timeout: TimeSpan?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Fail if no byte is transferred for DURATION (default: no limit)", valueName: "DURATION"),
    transform: TimeSpan.parse)
  var stallTimeout: TimeSpan?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Fail unless the stream has exactly SIZE bytes", valueName: "SIZE"),
    transform: ByteSize.parse)
  var expectBytes: ByteSize?

  @Flag(help: "Wire the ring (lock it in RAM)")
  var wired = false

  @Flag(name: .shortAndLong, help: "Print only errors")
  var quiet = false

  @Flag(
    name: [.customShort("v"), .long], help: "Show progress even if stderr is not a terminal")
  var progress = false

  @Flag(
    name: [.customShort("J"), .long], help: "Report as one JSON object, on stderr or --report-fd")
  var json = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Write the report to file descriptor FD instead of stderr", valueName: "FD"),
    transform: { try DescriptorNumber.parse($0).descriptor })
  var reportFd: Int32?

  // For Scripts/sweep, which has found the defaults.
  @Option(help: .hidden, transform: ByteSize.parse) var chunk: ByteSize?
  @Option(help: .hidden) var spin: Int?
  @Option(help: .hidden) var wakeShare: Int?

  /// The options of the library; `interrupt` tells of signals.
  func options(interrupt: Int32) -> StreamOptions {
    var options = StreamOptions()
    options.meetingTimeout = timeout?.duration
    options.stallTimeout = stallTimeout?.duration
    options.expectedBytes = expectBytes?.bytes
    options.isWired = wired
    options.interrupt = FileDescriptor(rawValue: interrupt)
    if let chunk { options.chunk = max(1, chunk.bytes) }
    if let spin { options.spin = .microseconds(max(0, spin)) }
    if let wakeShare { options.wakeShare = max(1, wakeShare) }
    return options
  }

  /// Where streams meet: SHMTOOL_DIR, or the place that all of one user's agree on.
  static func place(_ name: RegionName) throws(ShmError) -> Rendezvous {
    try Rendezvous(name, directory: directory)
  }

  /// The value of SHMTOOL_DIR; nil if it is not set or empty.
  static var directory: FilePath? {
    ProcessEnvironment.filePath("SHMTOOL_DIR").flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Says beforehand that the report cannot be written.
  func checkReport() throws(ShmError) {
    if let reportFd { try DescriptorIO.checkOpen(reportFd, "cannot write descriptor \(reportFd)") }
  }

  /// Writes the report of one end to the place that the options name.
  func write(_ report: TransferReport) throws(ShmError) {
    if let reportFd {
      try Output.write(report, json: json, to: reportFd)
    } else if json {
      try Output.write(report, json: true, to: 2)
    } else if !quiet {
      Output.say(report.text(TextStyle()))
    }
  }
}
