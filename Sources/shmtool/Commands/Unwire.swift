import ArgumentParser
import ShmCore

struct Unwire: CheckedCommand {
  static let configuration = CommandConfiguration(
    subcommand: "unwire",
    abstract: "Unwire regions that background processes hold",
    usage: "shmtool unwire [OPTIONS] [REGION ...]",
    discussion: """
      Ends the processes that 'shmtool wire --background' started. A holder of several regions \
      releases all of them. Other processes keep what they have wired; 'shmtool wire --list' \
      shows them.

      Each holder gets SIGTERM and 5 s to exit. unwire reports a holder that does not exit, for \
      example because it is stopped or frozen, or that you may not signal. It still ends the \
      other holders. The exit status is that of the first failure.

      --pid also ends a holder whose region was removed. Several process IDs are separated by \
      commas.
      """)

  static let examples = [
    "shmtool unwire cache",
    "shmtool unwire --pid 1234,1240",
  ]

  @Argument(
    help: ArgumentHelp("Regions to unwire", valueName: "REGION"),
    completion: RegionArgument.completion, transform: RegionArgument.parse)
  var regions: [RegionReference] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("End the holders with these process IDs; may be repeated", valueName: "PID"),
    completion: CompletionDomain.process.kind, transform: ProcessList.parse)
  var pid: [ProcessList] = []

  @OptionGroup var options: ActionOptions

  func check() throws {
    if regions.isEmpty, pid.isEmpty { throw ValidationError("a region or --pid is required") }
    if !regions.isEmpty, !pid.isEmpty {
      throw ValidationError("REGION and --pid cannot be used together")
    }
  }

  func run() throws {
    var operands = Operands()
    var wanted: [Int32] = []
    for pid in pid.flatMap(\.processes) where !wanted.contains(pid) { wanted.append(pid) }
    let processes = wanted.map { (pid) in
      (pid: pid, check: Result { () throws(ShmError) in try checkHolder(pid) })
    }
    let mine = Set(processes.filter { (try? $0.check.get()) != nil }.map(\.pid))
    var release = HolderRelease(try HolderArguments.scan(), patience: Self.patience)
    // Each name is resolved once, because it can get another region meanwhile.
    let resolved = regions.map { (reference) in
      (
        reference: reference,
        identity: Result { () throws(ShmError) in try identity(reference) }
      )
    }
    let identities = resolved.compactMap { try? $0.identity.get() }
    release.begin { mine.contains($0.process) || identities.contains($0.region) }
    operands.forEach(processes, named: { _ in nil }) { (process) throws(ShmError) in
      try process.check.get()
      let pid = process.pid
      let reason = reason(pid, release.scan)
      try end("process \(pid)", reason, &release) { $0.process == pid }
    }
    operands.forEach(resolved, named: { RawText($0.reference) }) { (operand) throws(ShmError) in
      let identity = try operand.identity.get()
      try end(operand.reference.quoted, "no background holder has it wired", &release) {
        $0.region == identity
      }
    }
    if !release.released.isEmpty || options.json {
      try Output.write(
        UnwireReport(
          regions: release.released.map { UnwireReport.Row($0) }, errors: operands.failures),
        options)
    }
    try operands.finish()
  }

  private func identity(_ reference: RegionReference) throws(ShmError) -> RegionIdentity {
    do {
      return try Region.open(reference, access: .status).status().identity
    } catch {
      guard error.kind == .notFound else { throw error }
      throw ShmError(
        .notFound, "cannot unwire \(reference.quoted)", error.reason,
        remedy: """
          to unwire a removed region, run 'shmtool wire --list' and 'shmtool unwire --pid PID'
          """,
        errorNumber: error.errorNumber)
    }
  }

  /// Checks the owner first: "it belongs to another user" is a more useful error than "not a background holder".
  private func checkHolder(_ pid: Int32) throws(ShmError) {
    let attempt = "cannot unwire process \(pid)"
    guard let owner = ProcessView.owner(of: pid) else {
      throw ShmError(.notFound, attempt, "no such process")
    }
    let own = ProcessView.user
    if own != 0, owner != own {
      throw ShmError(.notPermitted, attempt, "it belongs to \(Format.user(owner))")
    }
  }

  /// Why a process cannot be unwired.
  private func reason(_ pid: Int32, _ scan: WiringHolder.Scan) -> String {
    if scan.hiddenHolders.contains(pid) { return "permission to inspect it was denied" }
    return scan.holders.contains { $0.process == pid && !$0.isBackground }
      ? "it holds regions in the foreground" : "it is not a background holder"
  }

  /// Waits for the end of the selected background holders. It is an error if no holder is selected.
  private func end(
    _ subject: String, _ reason: String, _ release: inout HolderRelease,
    where isMeant: (WiringHolder) -> Bool
  ) throws(ShmError) {
    let meant = release.scan.holders.filter(isMeant)
    guard meant.contains(where: \.isBackground) else {
      throw ShmError(
        .notFound, "cannot unwire \(subject)", reason,
        remedy: pid.isEmpty ? remedy(release.scan, meant).map { .advice($0) } : nil)
    }
    let failures = release.wait(for: Set(meant.filter(\.isBackground).map(\.process)).sorted())
    guard let first = failures.first else { return }
    for failure in failures.dropFirst() { Output.complain(failure) }
    throw first
  }

  /// How long holders have to end.
  private static let patience = Duration.seconds(5)

  private func remedy(_ scan: WiringHolder.Scan, _ meant: [WiringHolder]) -> String? {
    let others = meant.map { "\($0.process)" }.joined(separator: ", ")
    if !others.isEmpty { return "it is wired in the foreground, by process \(others)" }
    let hidden = HoldersReport.hidden(scan.hiddenProcesses)
    if scan.hiddenHolders.isEmpty { return hidden }
    let processes = scan.hiddenHolders.map { "\($0)" }.joined(separator: ", ")
    return
      (["background holder \(processes) could not be inspected (permission denied)"]
      + (hidden.map { [$0] } ?? [])).joined(separator: "; ")
  }
}
