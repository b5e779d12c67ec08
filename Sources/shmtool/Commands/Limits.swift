import ArgumentParser
import ShmCore
import SystemPackage

struct Limits: CheckedCommand {
  static let configuration = CommandConfiguration(
    subcommand: "limits",
    abstract: "Show how much can be created and wired",
    usage: "shmtool limits [OPTIONS]",
    discussion: """
      --room answers whether a region of SIZE can be created, --need whether SIZE more can be \
      wired. The exit status is 0 for yes and 1 for no. It is 2 if the answer is unknown, because \
      a limit could not be read. Examples are control groups and the user namespace of another \
      user's process. In a container, limits of control groups outside the container are not \
      visible, so they are not considered.

      If the answer is no, limits prints how to raise the limit in the environment of the \
      process. The environment can be a login session, a service, a container, a pod or a job. \
      limits also lists the evidence for it. If a parent process lowered the limit, limits names \
      that process instead.

      --room considers the size and the inodes of the tmpfs, quotas, the limit on file sizes, \
      control groups, pools of huge pages, memory and swap, and the commit limit. 'shmtool create' \
      uses the same figures.

      --metrics prints the limits for a monitoring system. It prints +Inf for an unlimited value, \
      and omits unknown values. The guide lists all metrics.

      --probe measures the memlock limit with mlock(2), and shows the measured value instead of \
      the computed one. It locks addresses on fault and never touches them, so it uses no memory.
      """)

  static let examples = [
    "shmtool limits",
    "shmtool limits --need 512M && shmtool wire cache --background",
    "shmtool limits -q --room 4G || echo \"no room in /dev/shm\"",
    "shmtool limits --room 1G --huge=2M",
    "shmtool limits --metrics-file /var/lib/node_exporter/shmtool-limits.prom",
  ]

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Show the limits of process PID", valueName: "PID"),
    completion: CompletionDomain.process.kind, transform: { try ProcessID.parse($0).pid })
  var pid: Int32?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Answer whether SIZE more can be wired", valueName: "SIZE"),
    transform: ByteSize.parse)
  var need: ByteSize?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Answer whether a region of SIZE can be created", valueName: "SIZE"),
    transform: ByteSize.parse)
  var room: ByteSize?

  @Option(
    help: ArgumentHelp(
      "Directory for new regions (default: /dev/shm)", valueName: "DIR"),
    completion: .directory, transform: FileArgument.parse)
  var at: FilePath?

  @Option(
    help: ArgumentHelp(
      "New regions of huge pages, of SIZE if given, on the first writable hugetlbfs",
      valueName: "[=SIZE]"), completion: CompletionDomain.pageSize.kind,
    transform: HugePages.parse)
  var huge: HugePages?

  @Flag(help: "Measure the memlock limit")
  var probe = false

  @Flag(name: .shortAndLong, help: "Print nothing; only set the exit status")
  var quiet = false

  @OptionGroup var metrics: MetricsOptions
  @OptionGroup var options: OutputOptions

  func check() throws {
    if pid != nil, probe { throw ValidationError("--probe and --pid cannot be used together") }
    if need?.bytes == 0 { throw ValidationError("--need must be at least 1 byte") }
    if room?.bytes == 0 { throw ValidationError("--room must be at least 1 byte") }
    if huge?.isOptional == true || huge?.isTransparent == true {
      let word = huge?.isTransparent == true ? "transparent" : "try"
      throw ValidationError(
        "invalid SIZE '\(word)' for --huge: expected a page size such as 2M or 1G")
    }
    try metrics.check(json: options.json, quiet: quiet)
    if quiet, options.json { throw ValidationError("--quiet and --json cannot be used together") }
  }

  func run() throws {
    let limits = try WiringLimits.current(of: pid)
    let probed = try probe ? limits.trial() : nil
    let verdict = verdict(limits, probed)
    let answer = need.map { WiringAnswer(limits, verdict: verdict, need: $0.bytes) }
    let place = Place.current(of: pid) { ProcessEnvironment.bytes($0) }
    let room = try self.roomReport(Advice(place))
    var report: LimitsReport?
    if !quiet {
      let shown = LimitsReport(
        limits, verdict: verdict, host: try HostWiring.current(), shm: SharedMemoryMount.current(),
        probed: probed, answer: answer, place: place, room: room)
      if metrics.areWanted {
        try metrics.write(shown.metrics(of: pid))
      } else {
        try Output.write(shown, json: options.json, style: .standardOutput(bytes: options.bytes))
      }
      report = shown
    }
    if answer?.isYes == false || room?.isRefused == true {
      throw Self.failure(.checkFailed, report)
    }
    if answer.map({ $0.isYes == nil }) == true || room?.isUnknown == true {
      throw Self.failure(.answerUnknown, report)
    }
  }

  private static func failure(_ kind: ShmError.Kind, _ report: LimitsReport?) -> ReportedFailure {
    ReportedFailure(
      report: ErrorReport(kind, report?.refusal ?? "the answer is no", hint: report?.hint.value))
  }

  /// The result of a trial overrides the computed value. The filter of system calls is always tried, because it cannot
  /// be read.
  private func verdict(
    _ limits: WiringLimits, _ probed: WiringTrial?
  ) -> WiringVerdict {
    if let probed { return limits.verdict.overridden(by: probed) }
    guard pid == nil, limits.isFiltered == true else { return limits.verdict }
    return switch WiringProbe.isRefused(limits) {
    case true?: limits.verdict.overridden(by: .refused)
    case false?: limits.verdict.unfiltered
    case nil: limits.verdict
    }
  }

  /// The room for regions; nil if there is no directory for regions and the user named none.
  private func roomReport(_ advice: Advice) throws(ShmError) -> RoomReport? {
    let directory = try directory()
    do {
      if let room {
        return RoomReport(
          try RoomAnswer(need: room.bytes, in: directory, process: pid), in: directory, advice)
      }
      return RoomReport(try RegionRoom.current(in: directory, process: pid), in: directory)
    } catch {
      if room == nil, at == nil, huge == nil { return nil }
      throw error
    }
  }

  private func directory() throws(ShmError) -> FilePath {
    guard let huge else { return at ?? RegionName.directory }
    guard let at else { return try HugePageMount.directory(pageSize: huge.pageSize) }
    let pageSize = try MemoryFileSystem.at(at).pageSize
    guard pageSize > PageMath.pageSize, huge.pageSize ?? pageSize == pageSize else {
      throw ShmError(
        .notFound, "cannot determine the room for huge pages in \(Escaping.quoted(at.bytes))",
        "its file system has pages of \(ByteCount(pageSize))")
    }
    return at
  }
}
