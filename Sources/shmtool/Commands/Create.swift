import ArgumentParser
import ShmCore
import SystemPackage

struct Create: CommandRunner {
  static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Create a region, with its memory set aside.",
    usage: "shmtool create [<options>] <region> [<size>] [-- <command> ...]",
    discussion: """
      The region appears whole or not at all. Its memory is reserved, so that a full tmpfs is an \
      error here and not a signal later; --sparse leaves that out.

      What memory or a control group has no room for is refused before any page is charged ('shmtool \
      limits --room' tells beforehand); with --force the kernel may end the process instead.

      --huge takes huge pages of the pool. Only a hugetlbfs has those, so the region lies on the \
      first such mount that you may write to, and its path there is its name from then on.

      --wired has it wired before it appears, and holds it so until told or while CMD runs, which \
      gets it as descriptor 3. The region stays when CMD has run; it is removed again if it cannot \
      be wired or announced, or CMD cannot be started.

      --open accepts a region of another user only if no other user may plant one there: in a sticky \
      directory that all may write, like /dev/shm, the region must be yours or the directory owner's.

      Example: shmtool create cache 64M
               shmtool create model --from weights.bin --mode 640
               shmtool create model --from weights.bin --direct
               shmtool create pool 1G --huge=try
               shmtool create keys 1M --wired -- ./server
      """)

  enum CodingKeys: CodingKey {
    case region, size, open, sparse, mode, from, direct, huge, wired, force, holding, options
  }

  @Argument(
    help: "A POSIX name, or a path on tmpfs or hugetlbfs.",
    completion: CompletionDomain.newRegion.kind, transform: RegionArgument.parse)
  var region: RegionReference

  @Argument(
    help: "Its size; with --from the size of the input if left out.", transform: ByteSize.parse)
  var size: ByteSize?

  /// What stands behind `--`.
  var command: [[UInt8]] = []

  @Flag(help: "Accept an existing region of the same size, whatever its mode.")
  var open = false

  @Flag(help: "Reserve no memory.")
  var sparse = false

  @Option(
    parsing: .unconditional, help: "The permission bits, whatever the umask.",
    transform: FileMode.parse)
  var mode = FileMode(bits: 0o600)

  @Option(
    help: "Fill it from a file, or - for stdin, before it appears.", completion: .file(),
    transform: FileArgument.parse)
  var from: FilePath?

  @Flag(help: "Read the file past the page cache, into the region's own pages (O_DIRECT).")
  var direct = false

  @Option(
    help: ArgumentHelp(
      "Of huge pages: --huge, --huge=1G; --huge=try accepts ordinary ones and says so.",
      valueName: "page size"), completion: CompletionDomain.pageSize.kind,
    transform: HugePages.parse)
  var huge: HugePages?

  @Flag(help: "Wire it from its first page on, and hold it.")
  var wired = false

  @Flag(help: "Create it even if it exceeds memory or a control group's limit.")
  var force = false

  @OptionGroup var holding: HoldOptions
  @OptionGroup var options: ActionOptions

  func check() throws {
    try holding.check()
    try holding.refuseTerms(beside: command)
    if size == nil, from == nil { throw ValidationError("a size is needed, or --from") }
    if size?.bytes == 0 { throw ValidationError("a region holds one byte at least") }
    if direct, from == nil || from == "-" {
      throw ValidationError("--direct goes with --from FILE: a stream has no blocks")
    }
    if open, from != nil { throw ValidationError("--open and --from exclude each other") }
    if open, huge != nil || wired {
      throw ValidationError("--open excludes --huge and --wired ('shmtool wire' wires what exists)")
    }
    if sparse, wired { throw ValidationError("--sparse and --wired exclude each other") }
    if !wired, holding.isGiven {
      throw ValidationError("--for, --while-pid and --ready-fd go with --wired")
    }
  }

  /// Without --wired there is nothing that CMD could run beside, and `--` is for odd names.
  static func takesCommand(after words: [String]) -> Bool { words.contains("--wired") }

  func run() throws {
    guard wired else {
      _ = try make()
      return
    }
    let loop = try HoldLoop(whileRunning: holding.whilePid)
    // Known now rather than when it is there.
    try PipedCommand.check(command, path: ProcessEnvironment.path)
    try holding.checkReadiness()
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
      // What it was made for has not begun.
      guard let failure = error as? ShmError else { throw error }
      throw isKept ? made.kept(after: failure) : made.takenBack(after: failure)
    }
  }

  private func hold(_ made: CreatedRegion, _ loop: borrowing HoldLoop, _ started: () -> Void) throws
  {
    // By its name: what was open before it had one is shown as deleted for ever. If its mode keeps its
    // maker out, that one all the same.
    let named =
      (try? Region.open(made.region.reference))
      ?? (try? Region.open(made.region.reference, access: .readOnly))
    switch named {
    case .some(let named):
      try loop.hold(
        command: command, descriptors: [named.rawDescriptor], options: holding,
        isQuiet: options.quiet, started: started)
    case nil:
      try loop.hold(
        command: command, descriptors: [made.region.rawDescriptor], options: holding,
        isQuiet: options.quiet, started: started)
    }
  }

  /// Makes it, of huge pages or of those that will do, and tells.
  private func make() throws(ShmError) -> CreatedRegion {
    let line = ProgressLine(total: size?.bytes, options)
    var settings = Region.CreationOptions(mode: mode.bits, reserve: !sparse)
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
          refusal: made.refusal, direct: made.method, wired: try made.wireRow(),
          nanoseconds: line.finish()), options, lasts: false)
    } catch {
      throw made.takenBack(after: error)
    }
    return made
  }
}
