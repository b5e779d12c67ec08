import ArgumentParser
import ShmCore

struct Wire: CommandRunner {
  static let configuration = CommandConfiguration(
    commandName: "wire",
    abstract: "Wire regions: hold their pages in RAM until told or while CMD runs.",
    usage: "shmtool wire [<options>] <regions> ... [-- <command> ...]",
    discussion: """
      Linux calls wired pages locked (mlock). A region is said to be wired when it has been checked: \
      its mapping carries the lock, and every page is resident. Every page is brought in, holes are \
      allocated; with --on-fault pages are wired as somebody touches them here. CMD gets the \
      regions as open descriptors from 3 on, and its exit code is ours.

      Wired pages are taken from everybody else, and are needed rarely: for memory that must not be \
      swapped out (secrets), or whose first touch must not wait (real time). Where there is no swap, \
      shared memory stays in RAM anyway. 'shmtool limits' says how much there may be.

      Example: shmtool wire cache
               shmtool wire cache --range 4M+1M --range 64M: -- ./server
               shmtool wire cache --background; shmtool unwire cache
      """)

  enum CodingKeys: CodingKey {
    case regions, range, ranges, onFault, bestEffort, follow, background, list, force
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

  @Flag(help: "Wire pages as they are touched, and bring none in.")
  var onFault = false

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
    let held = try mapAll()
    let policy = WiringPolicy(time: onFault ? .onFault : .now, acceptsLess: bestEffort)
    var following = held.reduce(0) { $0 &+ $1.charge }
    if policy.time == .now {
      try WiringRoom.check(charge: following, force: force) { () throws(ShmError) in
        try HeldRegion.demand(of: held)
      }
    }
    let line = ProgressLine(total: nil, options)
    for region in held {
      following -= region.charge
      try region.wire(policy, following: following) { done in
        line.update(done)
        return !SignalMask.isTerminationPending
      }
    }
    _ = line.finish()
    try Output.write(
      WireReport(holder: ProcessNumber.own, onFault: onFault, regions: held.flatMap(\.wireRows)),
      options, lasts: false)
    // Before it says that it is ready: whoever looks then finds nothing of its starter's open.
    if backgroundHolder { Readiness.detach() }
    try holding.announce()
    try loop.hold(
      command: command, descriptors: held.map { $0.region.rawDescriptor }, options: holding,
      interval: 250,
      tend: { () throws(ShmError) in
        for region in held { region.tend(policy, follow: follow, force: force) }
      })
  }

  private func mapAll() throws(ShmError) -> [HeldRegion] {
    var held: [HeldRegion] = []
    for reference in regions {
      let region = try HeldRegion(
        try HeldRegion.openForWiring(reference), ranges: ranges.isEmpty ? [range.range] : ranges)
      try region.mapRanges()
      held.append(region)
    }
    return held
  }

  private func listHolders() throws {
    let scan = try WiringHolder.scan()
    var wanted: Set<RegionIdentity> = []
    for reference in regions {
      wanted.insert(try Region.open(reference, access: .status).status().identity)
    }
    let shown = scan.holders.filter { wanted.isEmpty || wanted.contains($0.region) }
    let report = HoldersReport(scan, shown)
    try Output.write(report, json: options.json)
  }
}
