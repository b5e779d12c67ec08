import ArgumentParser
import ShmCore

struct Wire: CommandRunner {
  static let configuration = CommandConfiguration(
    subcommand: "wire",
    abstract: "Lock regions in RAM",
    usage: "shmtool wire [OPTIONS] REGION ... [-- CMD ...]",
    discussion: """
      Wired pages are locked in RAM with mlock(2), so they are never swapped out. wire verifies \
      the lock before it reports it. The mapping must be locked, and all pages must be resident. \
      For root, the kernel must also mark every page as locked (/proc/kpageflags). Wiring faults in \
      all pages and allocates holes. wire opens regions read-only, so it can wire a running \
      executable.

      Without CMD the pages stay wired until a signal interrupts shmtool. --for and --while-pid \
      end the wiring earlier. --background leaves a process that holds the pages until 'shmtool \
      unwire' ends it.

      CMD gets the regions as read-only file descriptors 3 and up, and shmtool exits with the \
      status of CMD. The locks belong to the mapping of shmtool: they hold the pages for CMD, \
      too, until shmtool exits. shmtool forwards to CMD the signals that it receives. The \
      exceptions are SIGKILL, SIGSTOP, SIGCHLD, signals that shmtool was started to ignore, and \
      signals that the terminal sends to both.

      The kernel cannot give wired pages to other uses. Wire memory that must not be swapped out \
      (secrets), or that must be accessed without page faults (real time). Without swap, shared \
      memory always stays in RAM. 'shmtool limits' shows how much can be wired.

      --list --raw prints the fields PID, COMMAND, WIRED, RESIDENT, HOLDER (process or \
      background), REGION ('-' if no reference leads to it) and NOTE. NOTE is removed, \
      unswappable, both separated by a comma, or '-'. 'shmtool help list' describes the format of \
      the fields.
      """)

  static let examples = [
    "shmtool wire cache",
    "shmtool wire cache --range 4M+1M --range 64M: -- ./server",
    "shmtool wire cache --background; shmtool unwire cache",
  ]

  enum CodingKeys: CodingKey {
    case regions, range, ranges, bestEffort, follow, background, list, bytes, table, force
    case backgroundHolder, holding, core, options
  }

  @Argument(
    help: ArgumentHelp("Regions to wire", valueName: "REGION"),
    completion: RegionArgument.completion, transform: RegionArgument.parse)
  var regions: [RegionReference] = []

  /// The words after `--`.
  var command: [[UInt8]] = []

  @OptionGroup var range: RangeOptions

  @Option(
    name: .customLong("range"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Wire a range: OFFSET+SIZE, OFFSET:END or OFFSET: (to the end); may be repeated",
      valueName: "RANGE"),
    transform: ByteRange.parse)
  var ranges: [ByteRange] = []

  @Flag(help: "Keep the pages that could be wired, and report their size")
  var bestEffort = false

  @Flag(help: "Wire a region again after it was resized or replaced")
  var follow = false

  @Flag(help: "Return when the pages are wired; a background process holds them")
  var background = false

  @Flag(help: "List the processes that have regions wired")
  var list = false

  @Flag(name: .shortAndLong, help: "Print sizes of --list in bytes")
  var bytes = false

  @OptionGroup var table: TableOptions

  @Flag(name: .shortAndLong, help: "Proceed if memory, a control group or the tmpfs has no room")
  var force = false

  @Flag(name: .customLong("background-holder"), help: .hidden)
  var backgroundHolder = false

  @OptionGroup var holding: HoldOptions
  @OptionGroup var core: CoreOptions
  @OptionGroup var options: ActionOptions

  func check() throws {
    try range.check()
    try holding.refuseTerms(beside: command)
    try core.check(command)
    if regions.isEmpty, !list { throw ValidationError("a region is required") }
    if !ranges.isEmpty, range.length != nil || range.offset.bytes != 0 {
      throw ValidationError("--range cannot be used with --offset or --length")
    }
    if background, holding.readyFd != nil {
      throw ValidationError(
        "--background and --ready-fd cannot be used together; --background returns when ready")
    }
    try table.check(json: options.json)
    if !list, bytes || table.isGiven {
      throw ValidationError("--bytes, --raw, --no-headings and --no-truncate require --list")
    }
    if list, background || backgroundHolder {
      throw ValidationError("--list and --background cannot be used together")
    }
    if !command.isEmpty, background || list {
      throw ValidationError("CMD cannot be used with --background or --list")
    }
  }

  /// CMD can only run while a region is held. Without a region before it, `--` precedes names that begin with `-`.
  static func takesCommand(after words: [String]) -> Bool {
    words.dropFirst().contains { $0.utf8.first != UInt8(ascii: "-") }
  }

  func run() throws {
    if list { return try listHolders() }
    if background { return try BackgroundHolder.start() }
    if backgroundHolder { DetachedProcess.setName("shmtool") }
    try holding.checkReadiness()
    try core.apply()
    let loop = try HoldLoop(whileRunning: holding.whilePid)
    let operands = try mapAll()
    let held = operands.filter(\.isFirst).map(\.region)
    var policy = WiringPolicy(acceptsLess: bestEffort)
    try checkRoom(held, &policy)
    try wire(held, &policy)
    let diverged = held.flatMap { region in region.divergedUsers.map { (region.reference, $0) } }
    try Output.write(
      WireReport(
        holder: ProcessNumber.own, diverged: diverged, regions: operands.flatMap(\.rows)),
      options, persists: false)
    // Called before readiness is reported: after that, the holder must have no descriptor of its parent open.
    if backgroundHolder { Readiness.detach() }
    try holding.announce()
    // The room was measured at the start, and does not apply later.
    policy.room = nil
    policy.total = nil
    try loop.hold(
      command: command, descriptors: operands.map { $0.region.region.rawDescriptor },
      options: holding, interval: .milliseconds(250), isQuiet: options.quiet || backgroundHolder,
      amount: .wired(held.flatMap(\.wiring)),
      tend: {
        for region in held { region.tend(policy, follow: follow, force: force) }
      })
  }

  /// Refuses a demand that exceeds the room. With --best-effort the room bounds the wired bytes.
  private func checkRoom(
    _ held: [HeldRegion], _ policy: inout WiringPolicy
  ) throws(ShmError) {
    let charge = held.reduce(0) { $0 &+ $1.charge }
    policy.total = ProcessStatus.ownWired &+ charge
    let demand = { () throws(ShmError) in try HeldRegion.demand(of: held) }
    if bestEffort, !force {
      policy.room = try WiringRoom.most(charge: charge, demand: demand)
    } else {
      let subject = HeldRegion.subject(held)
      try WiringRoom.check(subject, charge: charge, force: force, demand: demand)
      if !force { try WiringRoom.checkHoles(subject, of: held) }
    }
  }

  private func wire(_ held: [HeldRegion], _ policy: inout WiringPolicy) throws(ShmError) {
    let line = ProgressLine(total: nil, options)
    var following = held.reduce(0) { $0 + $1.charge }
    for region in held {
      following -= region.charge
      try region.wire(&policy, following: following) { done in
        line.update(done)
        return !SignalMask.isTerminationPending
      }
    }
    _ = line.finish()
  }

  /// Adds one operand. A region that is named several times is wired once.
  private struct Operand {
    let reference: RegionReference
    let region: HeldRegion
    let isFirst: Bool
    var rows: [WireReport.Row] { region.wireRows(as: reference) }
  }

  private func mapAll() throws(ShmError) -> [Operand] {
    var operands: [Operand] = []
    var first: [RegionIdentity: HeldRegion] = [:]
    if regions.count > 100 || ranges.count > 100 { ProcessResources.raiseFileLimit() }
    for reference in regions {
      let opened = try HeldRegion(
        try open(reference), ranges: ranges.isEmpty ? [range.range] : ranges)
      // With --follow, another name of the same region can become the name of another region.
      let known = first[opened.identity]
      if let known, !follow || known.reference == reference {
        operands.append(Operand(reference: reference, region: known, isFirst: false))
        continue
      }
      try opened.mapRanges()
      first[opened.identity] = known ?? opened
      operands.append(Operand(reference: reference, region: opened, isFirst: true))
    }
    return operands
  }

  private func open(_ reference: RegionReference) throws(ShmError) -> Region {
    do {
      return try HeldRegion.openForWiring(reference)
    } catch {
      throw error.hintingAtCommand(reference, isFirst: reference == regions.first)
    }
  }

  private func listHolders() throws {
    let scan = try HolderArguments.scan()
    var wanted: Set<RegionIdentity> = []
    for reference in regions {
      wanted.insert(try Region.open(reference, access: .status).status().identity)
    }
    let shown = scan.holders.filter { wanted.isEmpty || wanted.contains($0.region) }
    let report = HoldersReport(scan, shown)
    try Output.write(report, json: options.json, style: table.style(bytes: bytes))
  }
}
