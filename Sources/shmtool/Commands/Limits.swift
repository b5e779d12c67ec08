import ArgumentParser
import ShmCore

struct Limits: CheckedCommand {
  static let configuration = CommandConfiguration(
    commandName: "limits",
    abstract: "Show what bounds wiring, how much could be wired now, and which limit binds.",
    discussion: """
      --need answers by the exit code, 0 or 1, and says what to raise. --probe finds the memlock \
      limit by trying: addresses are charged on fault and never touched, so nobody loses a page.

      Example: shmtool limits
               shmtool limits --need 512M && shmtool wire cache --background
      """)

  @Option(
    help: ArgumentHelp("The limits of that process.", valueName: "pid"),
    completion: CompletionDomain.process.kind)
  var pid: Int32?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Whether that much more could be wired.", valueName: "size"),
    transform: ByteSize.parse)
  var need: ByteSize?

  @Flag(help: "Find the memlock limit by trying.")
  var probe = false

  @OptionGroup var options: OutputOptions

  func check() throws {
    if let pid, pid <= 0 { throw ValidationError("--pid takes a process's number") }
    if pid != nil, probe { throw ValidationError("--probe tries for this process alone") }
    if need?.bytes == 0 { throw ValidationError("--need takes one byte at least") }
  }

  func run() throws {
    let limits = try WiringLimits.current(of: pid)
    var probed: LimitsReport.Limit?
    if probe { probed = LimitsReport.Limit(try WiringProbe.largest()) }
    let answer = need.map { WiringAnswer(limits, need: $0.bytes) }
    let report = LimitsReport(
      limits, host: try HostWiring.current(), shm: SharedMemoryMount.current(), probed: probed,
      answer: answer)
    try Output.write(report, json: options.json, style: TextStyle(bytes: options.bytes))
    if answer?.isYes == false { throw ExitCode(1) }
  }
}
