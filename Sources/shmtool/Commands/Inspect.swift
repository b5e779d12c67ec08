import ArgumentParser
import ShmCore

struct Inspect: CheckedCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Look at regions in depth: pages by state and drawn, users, wired bytes.",
    discussion: """
      Nothing is changed by looking: no page is brought in, none is written. As root the wired pages \
      are those that the kernel has marked, whoever wired them; else those under the locks that can \
      be seen. "charged to" says, as root, which control groups are charged for the pages: the groups of the \
      processes that touched them first. In the drawn map a mark stands for some pages: capitals where all of them are so.

      Example: shmtool inspect cache
               shmtool inspect --json pid:1234:5
               shmtool inspect cache --watch 500ms
               shmtool inspect --pid 1234
               shmtool inspect 1234@0x7f0000001000
      """,
    aliases: ["info"])

  @Argument(
    help: "The regions, and addresses of processes as PID@0xADDRESS.",
    completion: CompletionDomain.inspected.kind, transform: InspectOperand.parse)
  var regions: [InspectOperand] = []

  @Option(
    help: ArgumentHelp("All shared memory of that process.", valueName: "pid"),
    completion: CompletionDomain.process.kind)
  var pid: Int32?

  @Flag(help: "List the runs of equal pages with their offsets, as root with physical frames.")
  var pages = false

  @Flag(help: "Count the control groups that are charged also for regions over 512 MiB (root).")
  var charged = false

  @Option(
    help: ArgumentHelp(
      "Look again and again, with rates, as top does: --watch for every second, --watch 500ms.",
      valueName: "interval"), transform: WatchInterval.parse)
  var watch: WatchInterval?

  @OptionGroup var options: OutputOptions

  func check() throws {
    if regions.isEmpty, pid == nil { throw ValidationError("a region or --pid is needed") }
    if let pid, pid <= 0 { throw ValidationError("--pid takes a process's number") }
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
    let loop = try HoldLoop()
    var look = InspectLook(regions, pid: pid, showsPages: pages, countsCharges: charged)
    var screen = Screen()
    while true {
      let failure = look.again()
      // What is gone is told once, and not looked at any more.
      if look.isEmpty, let failure { throw failure }
      try screen.show(try Output.text(look.report, json: options.json, style: style))
      let end = try loop.wait(HoldLoop.Terms(milliseconds: watch.milliseconds))
      if case .signal(let number) = end { throw Interruption(signal: number) }
    }
  }

  private var style: TextStyle { .standardOutput(bytes: options.bytes) }
}
