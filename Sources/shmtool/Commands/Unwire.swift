import ArgumentParser
import ShmCore

struct Unwire: CheckedCommand {
  static let configuration = CommandConfiguration(
    abstract: "End the background holders of regions.",
    discussion: """
      Other processes keep what they have wired; 'shmtool wire --list' shows them. A holder of \
      several regions releases all of them, and says so. --pid also ends a holder of what has no \
      name any more.

      Example: shmtool unwire cache
               shmtool unwire --pid 1234
      """)

  @Argument(
    help: "The regions.", completion: RegionArgument.completion, transform: RegionArgument.parse)
  var regions: [RegionReference] = []

  @Option(help: ArgumentHelp("The holder with that number.", valueName: "pid"))
  var pid: Int32?

  @OptionGroup var options: ActionOptions

  func check() throws {
    if regions.isEmpty == (pid == nil) { throw ValidationError("say which: regions, or --pid") }
  }

  func run() throws {
    if let pid { return try end("process \(pid)") { $0.process == pid } }
    try Operands.forEach(regions) { (reference) throws(ShmError) in
      let identity = try Region.open(reference, access: .status).status().identity
      try end("'\(reference)'", named: reference) { $0.region == identity }
    }
  }

  /// Ends the holders in the background among those that are meant; that there is none is an error.
  private func end(
    _ subject: String, named reference: RegionReference? = nil,
    where isMeant: (WiringHolder) -> Bool
  ) throws(ShmError) {
    let scan = try WiringHolder.scan()
    let meant = scan.holders.filter(isMeant)
    let processes = Set(meant.filter(\.isBackground).map(\.process))
    if processes.isEmpty {
      let others = meant.map { "\($0.process)" }.joined(separator: ", ")
      throw ShmError(
        .notFound, "cannot unwire \(subject)", "nobody in the background has it wired",
        remedy: others.isEmpty
          ? HoldersReport.hidden(scan.hiddenProcesses) : "end process \(others), which has")
    }
    var ended: Set<Int32> = []
    for holder in scan.holders where processes.contains(holder.process) {
      if ended.insert(holder.process).inserted { try holder.end() }
      try Output.write(
        UnwireReport(holder, named: isMeant(holder) ? reference : nil), options)
    }
  }
}
