import ArgumentParser
import ShmCore

struct Wire: CommandRunner {
  static let configuration = CommandConfiguration(
    commandName: "wire",
    abstract: "Wire regions: hold their pages in RAM until told or while CMD runs.",
    usage: "shmtool wire [<options>] <regions> ... [-- <command> ...]",
    discussion: """
      Linux calls wired pages locked (mlock). A region is said to be wired when it has been checked: \
      its mapping carries the lock, every page is resident, and as root also marked as locked by the \
      kernel (/proc/kpageflags). Every page is brought in, and holes are allocated. Regions are opened \
      read-only, so a running executable can be wired, and a wired one can be run.

      CMD gets the regions as descriptors from 3 on, open for reading, and its exit code is ours. The \
      locks belong to shmtool's mapping: they hold the pages for CMD as well, and end with shmtool, not \
      with CMD's own mapping. Signals that shmtool receives are passed on to CMD, except SIGKILL, \
      SIGSTOP, SIGCHLD, what shmtool was started to ignore, and what a terminal sends to both.

      Wired pages are taken from everybody else, and are needed rarely: for memory that must not be \
      swapped out (secrets), or whose first touch must not wait (real time). Where there is no swap, \
      shared memory stays in RAM anyway. 'shmtool limits' says how much there may be.

      Example: shmtool wire cache
               shmtool wire cache --range 4M+1M --range 64M: -- ./server
               shmtool wire cache --background; shmtool unwire cache
      """)

  enum CodingKeys: CodingKey {
    case regions, range, ranges, bestEffort, follow, background, list, force
    case backgroundHolder, holding, options
  }

  @Argument(
    help: "The regions.", completion: RegionArgument.completion, transform: RegionArgument.parse)
  var regions: [RegionReference] = []

  /// What stands behind `--`.
  var command: [[UInt8]] = []

  @OptionGroup var range: RangeOptions

  @Option(
    name: .customLong("range"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A range, as often as needed: 4M+1M (offset and length), 4M:8M, 64M:.", valueName: "range"),
    transform: ByteRange.parse)
  var ranges: [ByteRange] = []

  @Flag(help: "Keep what could be wired, and say how much of what was asked for that is.")
  var bestEffort = false

  @Flag(help: "Wire the region anew when it has grown, shrunk or been replaced.")
  var follow = false

  @Flag(help: "Return when the pages are wired; a process in the background holds them.")
  var background = false

  @Flag(help: "List who has pages of regions wired.")
  var list = false

  @Flag(help: "Even where it is more than memory or the control group has.")
  var force = false

  @Flag(name: .customLong("background-holder"), help: .hidden)
  var backgroundHolder = false

  @OptionGroup var holding: HoldOptions
  @OptionGroup var options: ActionOptions

  func check() throws {
    try range.check()
    try holding.check()
    try holding.refuseTerms(beside: command)
    if regions.isEmpty, !list { throw ValidationError("a region is needed") }
    if !ranges.isEmpty, range.length != nil || range.offset.bytes != 0 {
      throw ValidationError("--range stands in place of --offset and --length")
    }
    if background, holding.readyFd != nil {
      throw ValidationError("--background is ready when it returns; --ready-fd has no place there")
    }
    if list, background || backgroundHolder { throw ValidationError("--list wires nothing") }
    if !command.isEmpty, background || list {
      throw ValidationError("CMD ends the wiring: --background and --list exclude it")
    }
  }

  /// Without a region before it there is nothing that CMD could run beside, and `--` is for odd names.
  static func takesCommand(after words: [String]) -> Bool {
    words.dropFirst().contains { $0.utf8.first != UInt8(ascii: "-") }
  }

  func run() throws {
    if list { return try listHolders() }
    if background { return try BackgroundHolder.start() }
    if backgroundHolder { DetachedProcess.setName("shmtool") }
    try holding.checkReadiness()
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
      options, lasts: false)
    // Before it reports ready, so that no descriptor of its starter is open by then.
    if backgroundHolder { Readiness.detach() }
    try holding.announce()
    // The room was that of the start.
    policy.room = nil
    policy.total = nil
    try loop.hold(
      command: command, descriptors: operands.map { $0.region.region.rawDescriptor },
      options: holding, interval: 250, isQuiet: options.quiet || backgroundHolder,
      tend: { () throws(ShmError) in
        for region in held { region.tend(policy, follow: follow, force: force) }
      })
  }

  /// Refuses what there is no room for; with --best-effort the room bounds what is kept.
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

  /// One operand: a region that was named before is wired once.
  private struct Operand {
    let reference: RegionReference
    let region: HeldRegion
    let isFirst: Bool
    var rows: [WireReport.Row] { region.wireRows(as: reference) }
  }

  private func mapAll() throws(ShmError) -> [Operand] {
    var operands: [Operand] = []
    var first: [RegionIdentity: HeldRegion] = [:]
    if regions.count > 100 || ranges.count > 100 { OpenFileLimit.raise() }
    for reference in regions {
      let opened = try HeldRegion(
        try open(reference), ranges: ranges.isEmpty ? [range.range] : ranges)
      // What is followed by another name may become another region.
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
    try Output.write(report, json: options.json)
  }
}
