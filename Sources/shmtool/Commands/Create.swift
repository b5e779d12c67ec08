import ArgumentParser
import ShmCore
import SystemPackage

struct Create: CommandRunner {
  static let configuration = CommandConfiguration(
    subcommand: "create",
    abstract: "Create a region and reserve its memory",
    usage: "shmtool create [OPTIONS] REGION [SIZE] [-- CMD ...]",
    discussion: """
      The region becomes visible only when it is complete. Its memory is reserved, so a full tmpfs \
      is an error now instead of a SIGBUS later. With --sparse nothing is reserved, and holes in \
      the --from input stay holes.

      create refuses a size that exceeds the available memory or a control group limit before it \
      allocates a page. 'shmtool limits --room' shows how much can be created. With --force the \
      kernel may kill the process instead.

      --huge uses huge pages. They exist only on hugetlbfs, so the region becomes a file on the \
      first such mount that you may write to. The path of that file names the region. \
      --huge=transparent creates the region with ordinary pages, and asks the kernel to collapse \
      them to transparent huge pages. It reports how many bytes are on huge pages.

      --wired locks the region in RAM (mlock) before it becomes visible. The pages stay wired \
      until shmtool is interrupted, or while CMD runs. CMD gets the region as file descriptor 3. \
      The region stays after CMD exits. create removes the region again if it cannot wire it, \
      report readiness or start CMD.

      --open accepts an existing region of the same size. In a sticky directory that all users \
      may write, such as /dev/shm, the region must belong to you or to the owner of the \
      directory.
      """)

  static let examples = [
    "shmtool create cache 64M",
    "shmtool create model --from weights.bin --mode 640",
    "shmtool create model --from weights.bin --direct",
    "shmtool create pool 1G --huge=try",
    "shmtool create keys 1M --wired -- ./server",
  ]

  enum CodingKeys: CodingKey {
    case region, sizeOperand, sizeOption, open, sparse, mode, from, direct, huge, wired, force,
      holding, core, options
  }

  @Argument(
    help: ArgumentHelp("A POSIX name, or a path on tmpfs or hugetlbfs", valueName: "REGION"),
    completion: CompletionDomain.newRegion.kind, transform: RegionArgument.parse)
  var region: RegionReference

  @Argument(
    help: ArgumentHelp("Size (default with --from: size of the input)", valueName: "SIZE"),
    transform: ByteSize.parse)
  var sizeOperand: ByteSize?

  @Option(
    name: [.customShort("s", allowingJoined: true), .customLong("size")], parsing: .unconditional,
    help: ArgumentHelp("Size, instead of the operand SIZE", valueName: "SIZE"),
    transform: ByteSize.parse)
  var sizeOption: ByteSize?

  /// The words after `--`.
  var command: [[UInt8]] = []

  @Flag(help: "Accept an existing region of the same size, with any mode")
  var open = false

  @Flag(help: "Reserve no memory")
  var sparse = false

  @Option(
    name: [.customShort("m", allowingJoined: true), .long], parsing: .unconditional,
    help: ArgumentHelp(
      "Permission bits as in chmod(1), octal or symbolic, regardless of the umask (default: 600)",
      valueName: "MODE"),
    transform: FileMode.parse)
  var mode = FileMode.usual

  @Option(
    help: ArgumentHelp("Fill the region from FILE; - means stdin", valueName: "FILE"),
    completion: .file(), transform: FileArgument.parse)
  var from: FilePath?

  @Flag(help: "Read FILE with direct I/O, bypassing the page cache")
  var direct = false

  @Option(
    help: ArgumentHelp(
      "Use huge pages, of SIZE if given; =try falls back to ordinary pages; =transparent collapses them",
      valueName: "[=SIZE]"), completion: CompletionDomain.pageSize.kind,
    transform: HugePages.parse)
  var huge: HugePages?

  @Flag(help: "Wire the region until interrupted, or while CMD runs")
  var wired = false

  @Flag(name: .shortAndLong, help: "Proceed if memory or a control group has no room")
  var force = false

  @OptionGroup var holding: HoldOptions
  @OptionGroup var core: CoreOptions
  @OptionGroup var options: ActionOptions

  func check() throws {
    try holding.refuseTerms(beside: command)
    try core.check(command)
    if sizeOption != nil, sizeOperand != nil {
      throw ValidationError("SIZE and --size cannot be used together")
    }
    if size == nil, from == nil { throw ValidationError("SIZE or --from is required") }
    if size?.bytes == 0 { throw ValidationError("SIZE must be at least 1 byte") }
    if direct, from == nil || from == "-" {
      throw ValidationError("--direct requires --from FILE, and cannot read stdin")
    }
    if open, from != nil { throw ValidationError("--open and --from cannot be used together") }
    if open, huge != nil || wired {
      throw ValidationError(
        "--open cannot be used with --huge or --wired; 'shmtool wire' wires an existing region")
    }
    if sparse, huge?.isTransparent == true {
      throw ValidationError("--sparse and --huge=transparent cannot be used together")
    }
    if sparse, wired { throw ValidationError("--sparse and --wired cannot be used together") }
    if !wired, holding.isGiven {
      throw ValidationError("--for, --while-pid and --ready-fd require --wired")
    }
  }

  private var size: ByteSize? { sizeOption ?? sizeOperand }

  /// CMD can only run with --wired. Without --wired, `--` precedes names that begin with `-`.
  static func takesCommand(after words: [String]) -> Bool { words.contains("--wired") }
  static let commandRequirement: String? = "--wired"

  func run() throws {
    guard wired else {
      _ = try make()
      return
    }
    let loop = try HoldLoop(whileRunning: holding.whilePid)
    // Checked before the region is created.
    try PipedCommand.check(command, path: ProcessEnvironment.path)
    try holding.checkReadiness()
    try core.apply()
    let made = try make()
    do throws(ShmError) {
      try holding.announce()
    } catch {
      throw made.takenBack(after: error)
    }
    var isKept = command.isEmpty
    do {
      try hold(made, loop) { isKept = true }
    } catch {
      // The region is removed again if CMD was not started.
      guard let failure = error as? ShmError else { throw error }
      throw isKept ? made.kept(after: failure) : made.takenBack(after: failure)
    }
  }

  private func hold(_ made: CreatedRegion, _ loop: borrowing HoldLoop, _ started: () -> Void) throws
  {
    // Opens the region by its name, because the kernel permanently shows the descriptor of the creation as deleted. If
    // the mode denies access to the creator, uses that descriptor.
    let named =
      (try? Region.open(made.region.reference))
      ?? (try? Region.open(made.region.reference, access: .readOnly))
    let amount = HeldAmount.wired([made.wired].compactMap { $0 })
    switch named {
    case .some(let named):
      try loop.hold(
        command: command, descriptors: [named.rawDescriptor], options: holding,
        isQuiet: options.quiet, amount: amount, started: started)
    case nil:
      try loop.hold(
        command: command, descriptors: [made.region.rawDescriptor], options: holding,
        isQuiet: options.quiet, amount: amount, started: started)
    }
  }

  /// Creates the region, with huge pages, or with ordinary pages if these are acceptable, and reports it.
  private func make() throws(ShmError) -> CreatedRegion {
    if from == "-" { WaitNotice.readingTerminal(isQuiet: options.quiet) }
    let line = ProgressLine(total: size?.bytes, options)
    var settings = Region.CreationOptions(mode: mode.permissions, reserve: !sparse)
    settings.isWired = wired
    settings.mayExceedMemory = force
    let request = CreationRequest(
      size: size?.bytes, from: from, isDirect: direct, open: open, settings: settings, wired: wired,
      force: force, progress: line.update)
    let made = try request.make(region, huge: huge)
    do {
      try Output.write(
        CreateReport(
          made.region.reference, made.status, isNew: made.isNew, sparse: sparse,
          refusal: made.refusal, collapsed: made.collapsed, direct: made.method,
          wired: try made.wireRow(),
          nanoseconds: line.finish()), options, persists: false)
    } catch {
      throw made.takenBack(after: error)
    }
    return made
  }
}
