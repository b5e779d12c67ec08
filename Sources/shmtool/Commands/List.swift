import ArgumentParser
import ShmCore

struct List: CheckedCommand {
  static let configuration = CommandConfiguration(
    subcommand: "list",
    abstract: "List the regions of the host and their users",
    usage: "shmtool list [OPTIONS] [NAME | PATTERN] ...",
    discussion: """
      Lists POSIX objects and semaphores, memfds, System V segments, shared anonymous memory and \
      streams. Also lists files on hugetlbfs, files in subdirectories of /dev/shm, and files on \
      any tmpfs that a process has open or mapped. Removed regions that are still in use are \
      included. Sources that cannot be read are reported on stderr.

      With operands, lists the regions that any operand names. NAME is what the columns NAME and \
      REFERENCE show, or any other form of REGION. A NAME that does not exist is an error. PATTERN \
      matches these names byte by byte, as fnmatch(3) does: * and ? match '/' and a leading dot, \
      too, and [a-z] matches one byte of a set. A backslash quotes the next character. A NAME that \
      equals a reference or a name selects only those regions, even if it is also a pattern.

      The last line compares the total with Shmem in /proc/meminfo, and counts the processes that \
      could not be inspected. A filter and --no-headings omit this line.

      --raw prints one line for each region, with tabs between the fields. Sizes are in bytes, AGE \
      is in seconds, USERS is a list of process IDs, none or none-seen, and '-' means no value. \
      A value that could not be determined is unknown, also in columns of numbers. Blanks, control \
      characters, backslashes and bytes that are not UTF-8 are written as \\xNN, which 'printf %b' \
      restores. In REFERENCE they are percent-encoded (bytes:a%20b), so that other commands accept \
      it unchanged.

      With --json, --output selects the members of each region. The member for AGE is \
      age_seconds, for STATE name_state, and for KEY, CREATOR and ATTACHES segment.

      --metrics prints the number and the sizes of the regions by kind, owner and state for a \
      monitoring system. The state is used, unused (proven), unseen (no user is visible) or \
      unknown. --output selects the sizes by their columns. --metrics-file replaces FILE \
      atomically and gives it mode 0644, for the textfile collector of node_exporter. The guide \
      lists all metrics.

      Listing takes no lease and no lock, so "none seen" under USERS is no proof that a region \
      is unused. 'remove --unused' and 'remove --stale --yes' remove only what they prove unused. AGE \
      counts from creation or the last write, whichever is later.

      WIRED counts pages locked by processes that could be inspected, segments with SHM_LOCK, \
      and huge pages. For anonymous memory that cannot be inspected, SIZE is the mapped size.

      --sort puts large sizes, many users and many attachments first, young regions before old \
      regions, and all other columns in ascending order. -COLUMN reverses the order.

      The default columns are \(ListReport.defaultColumns.joined(separator: ", ")). \
      Columns for --output and --sort:
      \(ListReport.columnHelp)
      """,
    aliases: ["ls"])

  static let examples = [
    "shmtool list 'jack-*' cache",
    "shmtool list --output +inode,seals --kind memfd,posix",
    "shmtool list --stale --sort=-age",
    "shmtool list --watch=5s --kind memfd",
    "shmtool list --top 10 --metrics-file /var/lib/node_exporter/shmtool.prom",
    "shmtool list -r -o reference | while read -r region; do echo \"$region\"; done",
  ]

  @Argument(
    help: ArgumentHelp("Regions to list, by name or pattern (default: all)", valueName: "NAME"),
    completion: CompletionDomain.listed.kind, transform: ListOperand.parse)
  var names: [ListOperand] = []

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Columns to print, separated by commas; +COLUMN adds to the default; 'all' for all",
      valueName: "COLUMNS"),
    completion: CompletionDomain.columns.kind, transform: ColumnList.parse)
  var output: ColumnList?

  @Flag(name: .shortAndLong, help: "Also print the mode, the inode and the reference")
  var long = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Columns to sort by, separated by commas; -COLUMN reverses (default: name)",
      valueName: "COLUMNS"),
    completion: CompletionDomain.order.kind, transform: ColumnOrder.parse)
  var sort: ColumnOrder?

  @Option(
    help: ArgumentHelp(
      "Only regions of KIND; several with commas, or repeated", valueName: "KIND"),
    completion: CompletionDomain.kinds.kind, transform: KindList.parse)
  var kind: [KindList] = []

  @Option(
    help: ArgumentHelp(
      "Only regions that process PID uses; several with commas, or repeated", valueName: "PID"),
    completion: CompletionDomain.processes.kind, transform: ProcessList.parse)
  var pid: [ProcessList] = []

  @Option(
    help: ArgumentHelp("Only regions of USER, a name or a numeric ID", valueName: "USER"),
    completion: CompletionDomain.user.kind, transform: ArgumentBytes.bytes)
  var user: [UInt8]?

  @Flag(help: "Only regions that no visible process uses")
  var stale = false

  @Option(
    help: ArgumentHelp("With --metrics, name the N largest regions, too", valueName: "N"),
    transform: RegionCount.parse)
  var top: RegionCount?

  @Option(
    help: ArgumentHelp(
      "Repeat at this interval, by size, and show what grew (default: 1s)", valueName: "[=DURATION]"
    ),
    transform: WatchInterval.parse)
  var watch: WatchInterval?

  @OptionGroup var table: TableOptions
  @OptionGroup var metrics: MetricsOptions
  @OptionGroup var options: OutputOptions

  func check() throws {
    try table.check(json: options.json)
    try metrics.check(json: options.json, raw: table.raw)
    if long, output != nil { throw ValidationError("--long and --output cannot be used together") }
    if watch != nil, table.raw || metrics.areWanted {
      throw ValidationError("--watch cannot be used with --raw or --metrics")
    }
    if top != nil, !metrics.areWanted { throw ValidationError("--top requires --metrics") }
  }

  func run() throws {
    let filter = try ListFilter(kinds: kind, processes: pid, user: user, isStale: stale)
    let isWhole = names.isEmpty && filter.isOpen
    let columns = ListReport.Selection(
      output ?? (long ? .long : nil), sortedBy: sort ?? (watch == nil ? nil : .bySize),
      summary: !options.json && !table.isBare && isWhole)
    let facts =
      metrics.areWanted
      ? columns.metricFacts(isWhole: isWhole) : options.json ? columns.jsonFacts : columns.facts
    var look = ListLook(names, filter, columns, facts: facts)
    if let watch { return try self.watch(&look, every: watch.duration) }
    let report = try look.again()
    for source in report.unreadable { Output.complain(source.sentence) }
    if metrics.areWanted {
      try metrics.write(report.metrics(top: top?.count ?? 0, isWhole: isWhole))
    } else if options.json || !report.regions.isEmpty || look.failures.isEmpty {
      try Output.write(report, json: options.json, style: table.style(bytes: options.bytes))
    }
    try Self.fail(look.failures)
  }

  private static func fail(_ failures: [ListFailure]) throws {
    var operands = Operands()
    for failure in failures {
      operands.fail(failure.error, RawText(failure.operand.bytes))
    }
    try operands.finish()
  }

  /// An operand without a region is an error only in the first update; later the region may be created again.
  private func watch(_ look: inout ListLook, every interval: Duration) throws {
    var history = ListHistory<ListReport.Row>()
    var last: (report: ListReport, entries: [ListHistory<ListReport.Row>.Entry])?
    try WatchLoop.run(
      every: interval, isDrawn: !options.json,
      look: {
        let report = try look.again()
        if last == nil { try Self.fail(look.failures) }
        last = (report, history.add(report.regions))
        if options.json { try Output.writeLook(report) }
      },
      text: {
        last.map { $0.report.screen($0.entries, table.style(bytes: options.bytes)) } ?? ""
      })
  }
}

/// The kind of a row: the kind of a region, or a stream. `--kind` takes these values.
enum ListKind: Hashable, RawRepresentable, CaseIterable {
  case region(RegionKind)
  case stream

  static var allCases: [ListKind] { RegionKind.allCases.map { .region($0) } + [.stream] }

  init?(rawValue: String) {
    guard let kind = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = kind
  }

  var rawValue: String {
    switch self {
    case .region(let kind): kind.rawValue
    case .stream: "stream"
    }
  }
}
