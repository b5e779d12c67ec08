import ArgumentParser
import ShmCore

struct Unwire: CheckedCommand {
  static let configuration = CommandConfiguration(
    commandName: "unwire",
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

  @Option(
    help: ArgumentHelp("The holder with that number.", valueName: "pid"),
    completion: CompletionDomain.process.kind)
  var pid: Int32?

  @OptionGroup var options: ActionOptions

  func check() throws {
    if regions.isEmpty == (pid == nil) { throw ValidationError("say which: regions, or --pid") }
  }

  func run() throws {
    var released: [WiringHolder] = []
    var operands = Operands()
    if let pid { try checkHolder(pid) }
    operands.forEach(pid.map { [$0] } ?? [], named: { RawText("pid:\($0)") }) {
      (pid) throws(ShmError) in
      try end("process \(pid)", &released) { $0.process == pid }
    }
    operands.forEach(regions, named: { RawText($0) }) { (reference) throws(ShmError) in
      let identity = try identity(reference)
      // Released already, by a holder of several that was ended for another operand.
      if released.contains(where: { $0.region == identity && $0.isBackground }) { return }
      try end("\(reference.quoted)", &released) { $0.region == identity }
    }
    if !released.isEmpty || options.json {
      try Output.write(
        UnwireReport(
          regions: released.map { UnwireReport.Row($0) }, errors: operands.failures), options)
    }
    try operands.finish()
  }

  private func identity(_ reference: RegionReference) throws(ShmError) -> RegionIdentity {
    do {
      return try Region.open(reference, access: .status).status().identity
    } catch {
      guard error.code == .notFound else { throw error }
      throw ShmError(
        .notFound, "cannot unwire \(reference.quoted)", error.reason,
        remedy: "'shmtool wire --list' shows what is held without a name, and --pid ends it",
        errorNumber: error.errorNumber)
    }
  }

  /// Whose process it is matters more than what it holds.
  private func checkHolder(_ pid: Int32) throws(ShmError) {
    let attempt = "cannot unwire what process \(pid) holds"
    guard let owner = ProcessView.owner(of: pid) else {
      throw ShmError(.notFound, attempt, "there is no such process")
    }
    let own = ProcessView.user
    if own != 0, owner != own {
      throw ShmError(.notPermitted, attempt, "it belongs to \(Format.user(owner))")
    }
  }

  /// Ends the holders in the background among those that are meant; that there is none is an error.
  /// One that cannot be ended keeps no other from being ended.
  private func end(
    _ subject: String, _ released: inout [WiringHolder], where isMeant: (WiringHolder) -> Bool
  ) throws(ShmError) {
    let scan = try WiringHolder.scan()
    let meant = scan.holders.filter(isMeant)
    let processes = Set(meant.filter(\.isBackground).map(\.process))
    if processes.isEmpty {
      let others = meant.map { "\($0.process)" }.joined(separator: ", ")
      throw ShmError(
        .notFound, "cannot unwire \(subject)", "nobody in the background has it wired",
        remedy: others.isEmpty
          ? HoldersReport.hidden(scan.hiddenProcesses)
          : "wired in the foreground by process \(others)")
    }
    var failure: ShmError?
    for process in processes.sorted() {
      guard let holder = scan.holders.first(where: { $0.process == process }) else { continue }
      do throws(ShmError) {
        try holder.end()
        released += scan.holders.filter { $0.process == process }
      } catch {
        if let failure { Output.complain(failure) }
        failure = error
      }
    }
    if let failure { throw failure }
  }
}
