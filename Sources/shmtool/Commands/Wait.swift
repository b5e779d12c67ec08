import ArgumentParser
import ShmCore
import ShmInspection
import SystemPackage

struct Wait: CheckedCommand {
  static let configuration = CommandConfiguration(
    subcommand: "wait",
    abstract: "Wait for a region's creation, removal, size, contents or users",
    usage: "shmtool wait [OPTIONS] [REGION]",
    discussion: """
      Without a condition, waits until REGION exists. Several conditions must hold at the same \
      time. Until REGION exists, only --removed and --free can hold. Exits with 124 if --timeout \
      expires first.

      --size +SIZE, --used, --unused, --users and --resident concern the region that has the name \
      when the wait finds it first. If this region is removed or replaced, the wait fails with 66. \
      The other conditions concern the region that has the name at that time.

      Users are other processes that have the region mapped or open. --used and --users count \
      the processes that you may inspect. --unused ends only with a proof: all processes could be \
      inspected, or the kernel granted a lease, which is released at once. If no visible process \
      uses the region and there is no proof, the exit status is 2.

      --free answers as 'shmtool limits --room', and exits with 2 if a limit cannot be read.

      The kernel reports changes of names, sizes and users. wait checks bytes, resident and free \
      memory every 10 to 100 ms, depending on the time that it has waited. It checks less often if \
      a check takes more than 2 ms.
      """)

  static let examples = [
    "shmtool wait cache --timeout 5s",
    "shmtool wait cache --at 0 --equals 'ready'",
    "shmtool wait log --size +1 --json",
    "shmtool wait -q cache --unused --timeout 1m && shmtool remove cache",
    "shmtool wait --free 4G && shmtool create cache 4G",
  ]

  @Argument(
    help: ArgumentHelp("Region to wait for; not required with --free", valueName: "REGION"),
    completion: RegionArgument.completion, transform: RegionArgument.parse)
  var region: RegionReference?

  @Flag(help: "Wait until the region is removed")
  var removed = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Wait until the region has at least SIZE bytes, or has grown by +SIZE bytes",
      valueName: "SIZE"),
    transform: SizeGoal.parse)
  var size: SizeGoal?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Wait until the bytes at --at equal TEXT, which may hold the escapes of 'fill --pattern'",
      valueName: "TEXT"),
    transform: ByteText.parse)
  var equals: ByteText?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Offset for --equals (default: 0)", valueName: "OFFSET"),
    transform: ByteSize.parse)
  var at: ByteSize?

  @Flag(help: "Wait until another process uses the region")
  var used = false

  @Flag(help: "Wait until no other process uses the region")
  var unused = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Wait until at least COUNT other processes use it", valueName: "COUNT"),
    transform: UserCount.parse)
  var users: UserCount?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Wait until at least SIZE bytes of the region are in RAM", valueName: "SIZE"),
    transform: ByteSize.parse)
  var resident: ByteSize?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Wait until a region of SIZE can be created", valueName: "SIZE"),
    transform: ByteSize.parse)
  var free: ByteSize?

  @Option(
    name: .customLong("in"),
    help: ArgumentHelp(
      "Directory for --free (default: that of REGION, or /dev/shm)", valueName: "DIR"),
    completion: .directory, transform: FileArgument.parse)
  var directory: FilePath?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Fail after DURATION, such as 250ms, 5s, 2m or 1h (default: no limit)", valueName: "DURATION"),
    transform: TimeSpan.parse)
  var timeout: TimeSpan?

  @Flag(name: .shortAndLong, help: "Print nothing; answer with the exit status")
  var quiet = false

  @Flag(
    name: [.customShort("J"), .long],
    help: "Print one JSON object: what was waited for, what was found, and the time")
  var json = false

  func check() throws {
    if region == nil {
      if free == nil { throw ValidationError("REGION or --free is required") }
      let named = [
        removed, size != nil, equals != nil, used, unused, users != nil, resident != nil,
      ]
      if named.contains(true) {
        throw ValidationError("without REGION, the only condition is --free")
      }
    }
    if removed, size != nil || equals != nil || used || unused || users != nil || resident != nil {
      throw ValidationError("--removed can only be used together with --free")
    }
    if unused, used || users != nil {
      throw ValidationError("--unused cannot be used with --used or --users")
    }
    if used, users != nil { throw ValidationError("--used and --users cannot be used together") }
    if at != nil, equals == nil { throw ValidationError("--at requires --equals") }
    if let at, let equals, at.bytes.addingReportingOverflow(equals.bytes.count).overflow {
      throw ValidationError("--at plus the length of --equals exceeds 2^63 - 1")
    }
    if free?.bytes == 0 { throw ValidationError("--free must be at least 1 byte") }
    if directory != nil, free == nil { throw ValidationError("--in requires --free") }
    if quiet, json { throw ValidationError("--quiet and --json cannot be used together") }
  }

  func run() throws {
    let goal = WaitGoal(self)
    var wait = RegionWait(for: goal.conditions, of: region)
    let begin = Clock.nanoseconds
    var failure: ShmError?
    do throws(ShmError) {
      try WaitNotice.during("waiting until \(goal.words); Ctrl-C stops", isQuiet: quiet) {
        () throws(ShmError) in
        try wait.run(timeout: timeout?.duration)
      }
    } catch {
      failure = error
    }
    // Other errors concern the wait itself, so that there is nothing to report.
    let isOutcome =
      failure.map { [.timedOut, .answerUnknown, .notFound].contains($0.kind) } ?? true
    if json, isOutcome {
      try Output.write(
        WaitReport(
          goal, wait.found, isMet: failure == nil, nanoseconds: Clock.nanoseconds - begin),
        json: true)
    }
    guard let failure else { return }
    if quiet, isOutcome { throw ReportedFailure(report: ErrorReport(failure)) }
    throw failure
  }
}
