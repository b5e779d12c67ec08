import ArgumentParser
import ShmCore

struct Map: CommandRunner {
  static let configuration = CommandConfiguration(
    subcommand: "map",
    abstract: "Map regions and pass them to a command",
    usage: "shmtool map [OPTIONS] [REGION ...] [-- CMD ...]",
    discussion: """
      CMD gets the regions as file descriptors 3 and up, in the order of the operands, and their \
      number in the environment variable SHMTOOL_FDS. shmtool forwards signals to CMD, and exits \
      with the status of CMD. Without CMD the regions stay mapped until interrupted. CMD has to \
      map the descriptors itself: --private and --read-only make them read-only, and --at and \
      --populate apply to the mapping of shmtool only.

      --secret creates memory that other processes and the kernel cannot read (memfd_secret). Its \
      pages are locked in RAM when CMD touches them, and count against the memlock limit of each \
      process that maps them.

      --no-core excludes all shared mappings of CMD and its child processes from core dumps. It \
      does not cover private mappings (--private), nor copies of the contents.
      """)

  static let examples = [
    "shmtool map cache -- sh -c 'sha256sum /proc/self/fd/3'",
    "shmtool map --anonymous 64M -- ./worker",
    "shmtool map --secret 4K -- ./vault",
  ]

  enum CodingKeys: CodingKey {
    case regions, anonymous, secret, huge, isPrivate, readOnly, populate, force, at, quiet, core,
      options
  }

  @Argument(
    help: ArgumentHelp("Regions to map", valueName: "REGION"),
    completion: RegionArgument.completion, transform: RegionArgument.parse)
  var regions: [RegionReference] = []

  /// The words after `--`.
  var command: [[UInt8]] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Create a memfd of SIZE, and map it first", valueName: "SIZE"),
    transform: ByteSize.parse)
  var anonymous: ByteSize?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Create secret memory of SIZE, and map it first", valueName: "SIZE"),
    transform: ByteSize.parse)
  var secret: ByteSize?

  @Option(
    help: ArgumentHelp(
      "Use huge pages for the memfd, of SIZE if given; --huge=try falls back to ordinary pages",
      valueName: "[=SIZE]"), completion: CompletionDomain.pageSize.kind,
    transform: HugePages.parse)
  var huge: HugePages?

  @Flag(name: .customLong("private"), help: "Map copy-on-write: other processes do not see stores")
  var isPrivate = false

  @Flag(help: "Map read-only")
  var readOnly = false

  @Flag(help: "Fault in all pages first")
  var populate = false

  @Flag(name: .shortAndLong, help: "Populate if memory or a control group has no room")
  var force = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Map at ADDRESS, such as 0x7f0000000000", valueName: "ADDRESS"),
    transform: Address.parse)
  var at: Address?

  @Flag(name: .shortAndLong, help: "Print no status messages")
  var quiet = false

  @OptionGroup var core: CoreOptions
  @OptionGroup var options: OutputOptions

  /// The number of regions that the command creates.
  private var created: Int { (anonymous == nil ? 0 : 1) + (secret == nil ? 0 : 1) }

  func check() throws {
    try core.check(command)
    if regions.isEmpty, created == 0 {
      throw ValidationError("a region, --anonymous or --secret is required")
    }
    if created > 1 { throw ValidationError("--anonymous and --secret cannot be used together") }
    if secret != nil, isPrivate || populate {
      throw ValidationError("--secret cannot be used with --private or --populate")
    }
    if secret?.bytes == 0 { throw ValidationError("--secret must be at least 1 byte") }
    if at != nil, regions.count + created > 1 {
      throw ValidationError("--at requires exactly one region")
    }
    if huge != nil, anonymous == nil {
      throw ValidationError("--huge requires --anonymous: an existing region keeps its page size")
    }
    if huge?.isTransparent == true {
      throw ValidationError("--huge=transparent is supported by 'shmtool create' only")
    }
    if anonymous?.bytes == 0 { throw ValidationError("--anonymous must be at least 1 byte") }
  }

  /// CMD can only run while a region is held. Without a region before it, `--` precedes names that begin with `-`.
  static func takesCommand(after words: [String]) -> Bool {
    words.dropFirst().contains {
      $0.utf8.first != UInt8(ascii: "-") || $0.utf8.starts(with: "--anonymous=".utf8)
        || $0.utf8.starts(with: "--secret=".utf8)
    }
  }

  func run() throws {
    let loop = try HoldLoop()
    var held: [HeldRegion] = []
    let sharing: Mapping.Sharing = isPrivate ? .private : .shared
    let protection: Mapping.Protection = readOnly ? .readOnly : .readWrite
    if let anonymous {
      held.append(try HeldRegion(try memoryFile(anonymous.bytes)))
    }
    if let secret {
      try WiringRoom.checkLocked(secret.bytes, "cannot map secret memory")
      held.append(try HeldRegion(try Region.secret(size: secret.bytes)))
    }
    for reference in regions {
      let access: Region.Access = readOnly || isPrivate ? .readOnly : .readWrite
      held.append(try HeldRegion(try open(reference, access)))
    }
    for region in held {
      try region.map(sharing: sharing, protection: protection, at: at?.value)
    }
    if populate {
      if !force { try HeldRegion.requireRoom(toPopulate: held) }
      for region in held { try region.populate(mayExceedMemory: force) }
    }
    if command.isEmpty || options.json {
      try Output.write(
        MapReport(mappings: held.flatMap(\.mapRows)), json: options.json,
        style: TextStyle(bytes: options.bytes))
    }
    try core.apply()
    try loop.hold(
      command: command, descriptors: held.map { $0.region.rawDescriptor }, isQuiet: quiet,
      amount: .mapped(held.reduce(0) { $0 &+ $1.mapped }))
  }

  /// Opens the region. Without write permission the error suggests --read-only.
  private func open(
    _ reference: RegionReference, _ access: Region.Access
  ) throws(ShmError) -> Region {
    do {
      return try Region.open(reference, access: access)
    } catch {
      guard [.notPermitted, .notSharedMemory].contains(error.kind), access == .readWrite,
        (try? Region.open(reference, access: .readOnly)) != nil
      else {
        let isFirst = created == 0 && reference == regions.first
        throw error.hintingAtCommand(reference, isFirst: isFirst)
      }
      throw error.worded(
        remedy: "\(error.remedy.map { "\($0.words); " } ?? "")map it with --read-only or --private")
    }
  }

  /// The region without a name, of huge pages, or of ordinary pages if these are acceptable.
  private func memoryFile(_ size: Int) throws(ShmError) -> Region {
    guard let huge else { return try anonymousRegion(size) }
    do {
      return try anonymousRegion(size, .huge(huge.pageSize))
    } catch {
      guard huge.accepts(error) else { throw error }
      Output.complain("using ordinary pages: \(Output.sentence(error))")
      return try anonymousRegion(size)
    }
  }

  private func anonymousRegion(
    _ size: Int, _ pages: Region.Pages = .ordinary
  ) throws(ShmError) -> Region {
    try Region.anonymous("shmtool", size: size, pages: pages, mayExceedMemory: force)
  }
}
