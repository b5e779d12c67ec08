import ArgumentParser
import ShmCore

struct Inspect: CheckedCommand {
  static let configuration = CommandConfiguration(
    subcommand: "inspect",
    abstract: "Show the pages, users and locks of regions",
    usage: "shmtool inspect [OPTIONS] [REGION | PID@0xADDRESS] ...",
    discussion: """
      inspect changes nothing: it neither faults in nor writes a page.

      For root, wired pages are all pages that the kernel marks as locked. For other users, they \
      are the pages that processes that could be inspected have locked. As root, \
      "charged to" lists the control groups that are charged for the pages. A page is charged to \
      the group of the process that touched it first.

      Each character of the page map represents one or more pages. A capital letter means that all \
      of these pages are in that state.

      --pages --raw prints one line for each run of pages. The fields are REGION, OFFSET, LENGTH, \
      PAGES, STATE (words separated by commas, such as resident,wired) and FRAMES (ranges \
      separated by commas, or '-'). 'shmtool help list' describes the format of the fields.

      PID@0xADDRESS shows what is mapped at an address of a process, and which other processes \
      map the same page.

      On a terminal, --watch redraws the screen; press 'q' or Ctrl-C to quit.
      """,
    aliases: ["info"])

  static let examples = [
    "shmtool inspect cache",
    "shmtool inspect --json pid:1234:5",
    "shmtool inspect cache --watch=500ms",
    "shmtool inspect cache --pages --raw",
    "shmtool inspect --pid 1234",
    "shmtool inspect 1234@0x7f0000001000",
  ]

  @Argument(
    help: ArgumentHelp(
      "Regions, or addresses of processes (PID@0xADDRESS)", valueName: "REGION"),
    completion: CompletionDomain.inspected.kind, transform: InspectOperand.parse)
  var regions: [InspectOperand] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Show all shared memory of process PID", valueName: "PID"),
    completion: CompletionDomain.process.kind, transform: { try ProcessID.parse($0).pid })
  var pid: Int32?

  @Flag(help: "List runs of equal pages (as root, with physical frames)")
  var pages = false

  @Flag(help: "Count charged control groups for regions over 512 MiB, too (root only)")
  var charged = false

  @Option(
    help: ArgumentHelp(
      "Repeat at this interval and show rates (default: 1s)", valueName: "[=DURATION]"),
    transform: WatchInterval.parse)
  var watch: WatchInterval?

  @Option(
    help: ArgumentHelp(
      "Colour the page map: auto, always or never (default: auto)", valueName: "WHEN"),
    completion: .list(ColorChoice.words), transform: ColorChoice.parse)
  var color = ColorChoice.auto

  @OptionGroup var table: TableOptions
  @OptionGroup var options: OutputOptions

  func check() throws {
    try table.check(json: options.json)
    if table.raw {
      if !pages { throw ValidationError("--raw requires --pages") }
      if watch != nil { throw ValidationError("--raw and --watch cannot be used together") }
      let hasAddress = regions.contains { if case .address = $0 { true } else { false } }
      if hasAddress { throw ValidationError("--raw cannot be used with an address") }
    }
    if regions.isEmpty, pid == nil { throw ValidationError("a region or --pid is required") }
  }

  func run() throws {
    guard let watch else {
      var look = InspectLook(regions, pid: pid, showsPages: pages, countsCharges: charged)
      let failure = look.again()
      if !look.isEmpty || options.json {
        try Output.write(look.report, json: options.json, style: style)
      } else if let pid, failure == nil {
        Output.say("process \(pid) has no shared memory\n")
      }
      if let failure { throw failure }
      return
    }
    try self.watch(every: watch.duration)
  }

  private func watch(every interval: Duration) throws {
    var look = InspectLook(regions, pid: pid, showsPages: pages, countsCharges: charged)
    var isFirst = true
    try WatchLoop.run(
      every: interval, isDrawn: !options.json,
      look: {
        let failure = look.again()
        // A region that was removed is reported once, and not inspected again. One that never was there is a mistake.
        if look.isEmpty || isFirst, let failure { throw failure }
        isFirst = false
        if options.json { try Output.writeLook(look.report) }
      }, text: { look.report.text(style) })
  }

  private var style: TextStyle {
    var style = table.style(bytes: options.bytes)
    style.colour = color.isColoured(style.colour)
    return style
  }
}
