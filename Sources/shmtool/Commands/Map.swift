import ArgumentParser
import ShmCore

struct Map: CommandRunner {
  static let configuration = CommandConfiguration(
    commandName: "map",
    abstract: "Map regions, and hold them until told or while CMD runs.",
    usage: "shmtool map [<options>] <regions> ... [-- <command> ...]",
    discussion: """
      CMD gets the regions as open descriptors from 3 on, in the order of the operands. Without \
      CMD the mappings are held until SIGINT or SIGTERM. Signals that shmtool receives are passed on to \
      CMD.

      Example: shmtool map cache -- sh -c 'sha256sum /proc/self/fd/3'
               shmtool map --anonymous 64M -- ./worker
      """)

  enum CodingKeys: CodingKey {
    case regions, anonymous, huge, isPrivate, readOnly, populate, force, at, options
  }

  @Argument(
    help: "The regions.", completion: RegionArgument.completion, transform: RegionArgument.parse)
  var regions: [RegionReference] = []

  /// What stands behind `--`.
  var command: [[UInt8]] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Map a new memfd as well; it has no name.", valueName: "size"),
    transform: ByteSize.parse)
  var anonymous: ByteSize?

  @Option(
    help: ArgumentHelp(
      "The memfd of huge pages: --huge, --huge=1G; --huge=try accepts ordinary ones.",
      valueName: "page size"), completion: CompletionDomain.pageSize.kind,
    transform: HugePages.parse)
  var huge: HugePages?

  @Flag(name: .customLong("private"), help: "Copy-on-write: stores stay with this process.")
  var isPrivate = false

  @Flag(help: "For loads only.")
  var readOnly = false

  @Flag(help: "Fault every page in first.")
  var populate = false

  @Flag(help: "Populate even if it exceeds memory or a control group's limit.")
  var force = false

  @Option(
    parsing: .unconditional,
    help: "At this address, where nothing may be mapped yet: 0x7f0000000000.",
    transform: Address.parse)
  var at: Address?

  @OptionGroup var options: OutputOptions

  func check() throws {
    if regions.isEmpty, anonymous == nil { throw ValidationError("a region is needed") }
    if at != nil, regions.count + (anonymous == nil ? 0 : 1) > 1 {
      throw ValidationError("--at places one mapping")
    }
    if huge != nil, anonymous == nil {
      throw ValidationError("--huge goes with --anonymous: a region keeps the pages it was made of")
    }
    if anonymous?.bytes == 0 { throw ValidationError("a region holds one byte at least") }
  }

  /// Without a region before it there is nothing that CMD could run beside, and `--` is for odd names.
  static func takesCommand(after words: [String]) -> Bool {
    words.dropFirst().contains {
      $0.utf8.first != UInt8(ascii: "-") || $0.utf8.starts(with: "--anonymous=".utf8)
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
    try loop.hold(
      command: command, descriptors: held.map { $0.region.rawDescriptor }, isQuiet: false)
  }

  /// One that may only be read is refused with what would do.
  private func open(
    _ reference: RegionReference, _ access: Region.Access
  ) throws(ShmError) -> Region {
    do {
      return try Region.open(reference, access: access)
    } catch {
      guard [.notPermitted, .corrupt].contains(error.code), access == .readWrite,
        (try? Region.open(reference, access: .readOnly)) != nil
      else {
        let isFirst = anonymous == nil && reference == regions.first
        throw error.hintingAtCommand(reference, isFirst: isFirst)
      }
      throw error.worded(
        remedy: (error.remedy.map { $0 + "; " } ?? "") + "--read-only and --private only read")
    }
  }

  /// The region without a name, of huge pages or of those that will do.
  private func memoryFile(_ size: Int) throws(ShmError) -> Region {
    guard let huge else { return try anonymousRegion(size) }
    do {
      return try anonymousRegion(size, .huge(huge.pageSize))
    } catch {
      guard huge.accepts(error) else { throw error }
      Output.complain("not of huge pages: \(Output.sentence(error))")
      return try anonymousRegion(size)
    }
  }

  private func anonymousRegion(
    _ size: Int, _ pages: Region.Pages = .ordinary
  ) throws(ShmError) -> Region {
    try Region.anonymous("shmtool", size: size, pages: pages, mayExceedMemory: force)
  }
}
