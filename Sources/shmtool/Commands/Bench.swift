import ArgumentParser
import ShmCore
import SystemPackage

struct Bench: CheckedCommand {
  static let configuration = CommandConfiguration(
    subcommand: "bench",
    abstract: "Measure shared memory and its alternatives on this machine",
    usage: "shmtool bench [OPTIONS] [TEST ...]",
    discussion: """
      TEST is one or more of:
        transfer  bytes from one process to another, by the size of a message
        latency   the round trip of a message at a fixed rate
        fan-out   bytes from one process to several
        memory    ways to get memory ready, and what is resident afterwards
        pages     ways to find the resident pages of a region
        pressure  access to idle wired and unwired pages while memory is short
      Without TEST all but pressure are measured.

      Each test runs between real processes. The receiver reads every byte. The methods are \
      measured in turn after a warm-up, so that a change of the machine affects all of them. \
      Measure on a quiet machine: other work changes the figures. In transfer and latency each \
      process has a processor that the other one does not use.

      Each method has a rank among the methods of the same test, size and receivers. Methods whose \
      difference is within the noise share a rank. --quick measures methods again, as long as its \
      time allows, if the rounds do not show whether they differ. The last lines say what the \
      figures mean on this machine. There, message passing means pipes, sockets and message queues.

      pressure requires root, 128 MiB of free swap, and --yes. It makes memory short in a control \
      group that it creates and removes. Other processes keep their memory.

      With --baseline, bench exits with 1 if a series is slower than before by more than its \
      noise explains. It measures such a series up to three times again, and reports it only if \
      it is slower each time.
      """)

  static let examples = [
    "shmtool bench --quick",
    "shmtool bench transfer --json > before.json",
    "shmtool bench transfer --baseline before.json",
  ]

  @Argument(
    help: ArgumentHelp("What to measure", valueName: "TEST"),
    completion: .list(BenchTest.words), transform: BenchTest.parse)
  var tests: [BenchTest] = []

  @Flag(help: "Measure fewer sizes and rounds, in less than 20 s")
  var quick = false

  @Option(
    help: ArgumentHelp(
      "Compare with FILE, which an earlier run has printed with --json", valueName: "FILE"),
    completion: .file(), transform: FileArgument.parse)
  var baseline: FilePath?

  @Option(
    help: ArgumentHelp("Write the figures to FILE as comma-separated values", valueName: "FILE"),
    completion: .file(), transform: FileArgument.parse)
  var csv: FilePath?

  @Option(
    help: ArgumentHelp("Draw the figures in FILE, a picture in SVG", valueName: "FILE"),
    completion: .file(), transform: FileArgument.parse)
  var svg: FilePath?

  @Flag(name: .shortAndLong, help: "Measure pressure, which uses swap")
  var yes = false

  @Flag(name: [.customShort("J"), .long], help: "Print one JSON object")
  var json = false

  @Flag(name: .shortAndLong, help: "Show no progress")
  var quiet = false

  @Flag(name: [.customShort("v"), .long], help: "Show progress even if stderr is not a terminal")
  var progress = false

  /// What the other process of a measurement does, see `BenchPeer`.
  @Option(help: .hidden)
  var peer: String?

  func check() throws {
    if yes, !tests.contains(.pressure) { throw ValidationError("--yes requires pressure") }
    if quiet, progress {
      throw ValidationError("--quiet and --progress cannot be used together")
    }
    if let csv, csv.lexicallyNormalized() == svg?.lexicallyNormalized() {
      throw ValidationError("--csv and --svg require different files")
    }
  }

  func run() throws {
    if let peer { return try BenchPeer.serve(peer) }
    let plan = quick ? BenchPlan.quick : BenchPlan.whole
    let wanted = tests.isEmpty ? BenchTest.usual : BenchTest.allCases.filter { tests.contains($0) }
    if wanted.contains(.pressure) { try PressureBench.check(isConfirmed: yes) }
    for path in [csv, svg].compactMap(\.self) { try ReportFile.check(path) }
    let style = TextStyle.standardOutput(bytes: false)
    let earlier = try baseline.map { (path) throws(ShmError) in
      try BenchBaseline(at: path, for: wanted)
    }
    try StreamInterruption.watching { interrupt in
      let bench = BenchRun(
        tests: wanted, plan: plan, interrupt: interrupt,
        progress: BenchProgress(
          steps: BenchRun.steps(wanted, plan), isWanted: progress, isQuiet: quiet))
      var report = try bench.report(quick: quick)
      if let earlier {
        try report.compare(with: earlier, width: style.width) { (slower) throws(ShmError) in
          try bench.again(slower)
        }
      }
      // If one output cannot be written, the figures are still in the others.
      let outputs: [() throws -> Void] = [
        { try Output.write(report, json: json, style: style) },
        { if let csv { try ReportFile.replace(csv, with: BenchCSV.text(report.series)) } },
        { if let svg { try ReportFile.replace(svg, with: report.picture) } },
      ]
      var failures: [any Error] = []
      for output in outputs {
        do { try output() } catch { failures.append(error) }
      }
      for case let error as ShmError in failures.dropFirst() { Output.complain(error) }
      if let first = failures.first { throw first }
      if let failure = report.failure(comparedWith: baseline) { throw failure }
    }
  }
}
