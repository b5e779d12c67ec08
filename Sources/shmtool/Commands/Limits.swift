import ArgumentParser
import ShmCore
import SystemPackage

struct Limits: CheckedCommand {
  static let configuration = CommandConfiguration(
    commandName: "limits",
    abstract: "Show how much could be created and wired now, and which limit binds.",
    discussion: """
      --room answers whether a region of that size could be created, --need whether so much more could \
      be wired. Both answer by the exit status: 0 for yes, 1 for no, and --need 2 if something that \
      decides could not be read, for example the user namespace of another user's process. If the \
      answer is no they say how to raise the limit in the place where the process runs: a login \
      session, a service, a container, a pod, a job. The marks that tell the place are shown as evidence.

      The room of a region is bounded by the size and the inodes of its tmpfs, by quotas, control \
      groups, the pools of huge pages, memory and swap, and the commit limit; 'create' uses the same \
      figures.

      --probe finds the memlock limit by trying, and overrides what was computed: addresses are \
      charged on fault and never touched, so no page is taken from other processes.

      Example: shmtool limits
               shmtool limits --need 512M && shmtool wire cache --background
               shmtool limits -q --room 4G || echo "no room in /dev/shm"
               shmtool limits --room 1G --huge=2M
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

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Whether a region of that size could be created.", valueName: "size"),
    transform: ByteSize.parse)
  var room: ByteSize?

  @Option(
    help: ArgumentHelp(
      "Where regions are to be created (default: /dev/shm).", valueName: "directory"),
    completion: .directory, transform: FileArgument.parse)
  var at: FilePath?

  @Option(
    help: ArgumentHelp(
      "Of huge pages, on the first hugetlbfs that may be written to: --huge, --huge=1G.",
      valueName: "page size"), completion: CompletionDomain.pageSize.kind,
    transform: HugePages.parse)
  var huge: HugePages?

  @Flag(help: "Find the memlock limit by trying.")
  var probe = false

  @Flag(name: .shortAndLong, help: "Print nothing: only the exit status answers.")
  var quiet = false

  @OptionGroup var options: OutputOptions

  func check() throws {
    if let pid, pid <= 0 { throw ValidationError("--pid takes a process's number") }
    if pid != nil, probe { throw ValidationError("--probe tries for this process alone") }
    if need?.bytes == 0 { throw ValidationError("--need takes one byte at least") }
    if room?.bytes == 0 { throw ValidationError("--room takes one byte at least") }
    if huge?.isOptional == true {
      throw ValidationError("--huge=try is for commands that create")
    }
    if quiet, options.json { throw ValidationError("--quiet and --json exclude each other") }
  }

  func run() throws {
    let limits = try WiringLimits.current(of: pid)
    let probed = try probe ? WiringProbe.run(limits) : nil
    let verdict = verdict(limits, probed)
    let answer = need.map { WiringAnswer(limits, verdict: verdict, need: $0.bytes) }
    let place = Place.current(of: pid) { ProcessEnvironment.bytes($0) }
    let room = try self.roomReport(Advice(place))
    if !quiet {
      let report = LimitsReport(
        limits, verdict: verdict, host: try HostWiring.current(), shm: SharedMemoryMount.current(),
        probed: probed, answer: answer, place: place, room: room)
      try Output.write(report, json: options.json, style: TextStyle(bytes: options.bytes))
    }
    if answer?.isYes == false || room?.isRefused == true { throw Self.exit(.answerIsNo) }
    if let answer, answer.isYes == nil { throw Self.exit(.unknown) }
  }

  private static func exit(_ code: ShmError.Code) -> ExitCode { ExitCode(Int32(code.rawValue)) }

  /// What was found by trying overrides what was computed. What a filter of system calls refuses is
  /// tried always: it cannot be read.
  private func verdict(
    _ limits: WiringLimits, _ probed: WiringProbe.Result?
  ) -> WiringVerdict {
    if let probed { return limits.verdict.overridden(by: probed) }
    guard pid == nil, limits.isFiltered == true else { return limits.verdict }
    return switch WiringProbe.isRefused(limits) {
    case true?: limits.verdict.overridden(by: .refused)
    case false?: limits.verdict.unfiltered
    case nil: limits.verdict
    }
  }

  /// The room for regions; nil if there is no place for them, and none was asked for.
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
        .notFound, "cannot tell the room for huge pages in \(Escaping.quoted(at.bytes))",
        "the pages there are of \(ByteCount(pageSize))")
    }
    return at
  }
}
