import ArgumentParser
import ShmCore
import SystemPackage

struct Limits: CheckedCommand {
  static let configuration = CommandConfiguration(
    commandName: "limits",
    abstract: "Show how much could be created and wired now, and which limit binds.",
    discussion: """
      --room answers whether a region of that size could be created, --need whether so much more could \
      be wired. Both answer by the exit status, 0 or 1, and say what to raise. The room of a region is \
      bounded by the size and the inodes of its tmpfs, by quotas, control groups, the pools of huge \
      pages, memory and swap, and the commit limit; 'create' uses the same figures.

      --probe finds the memlock limit by trying: addresses are charged on fault and never touched, so \
      nobody loses a page.

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
    var probed: LimitsReport.Limit?
    if probe { probed = LimitsReport.Limit(try WiringProbe.largest()) }
    let answer = need.map { WiringAnswer(limits, need: $0.bytes) }
    let room = try self.roomReport()
    if !quiet {
      let report = LimitsReport(
        limits, host: try HostWiring.current(), shm: SharedMemoryMount.current(), probed: probed,
        answer: answer, room: room)
      try Output.write(report, json: options.json, style: TextStyle(bytes: options.bytes))
    }
    if answer?.isYes == false || room?.isRefused == true { throw ExitCode(1) }
  }

  /// The room for regions; nil if there is no place for them, and none was asked for.
  private func roomReport() throws(ShmError) -> RoomReport? {
    let directory = try place()
    do {
      if let room {
        return RoomReport(
          try RoomAnswer(need: room.bytes, in: directory, process: pid), in: directory)
      }
      return RoomReport(try RegionRoom.current(in: directory, process: pid), in: directory)
    } catch {
      if room == nil, at == nil, huge == nil { return nil }
      throw error
    }
  }

  private func place() throws(ShmError) -> FilePath {
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
