import ArgumentParser
import ShmCore
import ShmInspection
import ShmStreams

struct List: CheckedCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the regions of the host and their users",
    usage: "shmtool list [OPTIONS]",
    discussion: """
      Lists POSIX objects and semaphores, memfds, System V segments, shared anonymous memory, \
      streams, and files on tmpfs or hugetlbfs that a process has open or mapped. Removed \
      regions that are still in use are listed, too. Sources that cannot be read are reported \
      on stderr.

      The last line compares the total with Shmem in /proc/meminfo, and counts the processes \
      that could not be inspected. It is omitted if the list is filtered, and with \
      --no-headings.

      Listing takes no lease and no lock, so "none seen" under USERS is no proof that a region \
      is unused. 'remove --unused' and 'remove --stale --yes' prove it when they remove. AGE \
      counts from creation or the last write, whichever is later.

      WIRED counts pages locked by processes that could be inspected, segments with SHM_LOCK, \
      and huge pages. For anonymous memory that cannot be inspected, SIZE is the mapped size.

      Columns for --output and --sort:
      \(ListReport.columnHelp)
      """,
    aliases: ["ls"])

  static let examples = [
    "shmtool list",
    "shmtool list --output name,reference,seals --kind memfd",
    "shmtool list --stale --sort allocated",
  ]

  @Option(
    help: ArgumentHelp("Columns to print, separated by commas", valueName: "COLUMNS"),
    completion: CompletionDomain.columns.kind, transform: ColumnNames.parse)
  var output: ColumnNames = ColumnNames(ListReport.defaultColumns)

  @Option(
    help: ArgumentHelp("Column to sort by (default: name)", valueName: "COLUMN"),
    completion: CompletionDomain.column.kind, transform: ColumnNames.parse)
  var sort: ColumnNames = ColumnNames(["name"])

  @Option(help: ArgumentHelp("Only regions of KIND; may be repeated", valueName: "KIND"))
  var kind: [ListKind] = []

  @Option(
    help: ArgumentHelp("Only regions that process PID uses", valueName: "PID"),
    completion: CompletionDomain.process.kind)
  var pid: Int32?

  @Option(
    help: ArgumentHelp("Only regions of USER, a name or a numeric ID", valueName: "USER"),
    completion: CompletionDomain.user.kind, transform: ArgumentBytes.bytes)
  var user: [UInt8]?

  @Flag(help: "Only regions that no visible process uses")
  var stale = false

  @Flag(help: "Omit the headings and the last line")
  var noHeadings = false

  @OptionGroup var options: OutputOptions

  func check() throws {
    if let pid, pid <= 0 { throw ValidationError("--pid requires a positive process ID") }
  }

  func run() throws {
    let filter = try ListFilter(kinds: kind, process: pid, user: user, isStale: stale)
    let columns = ListReport.Selection(
      output.names, sortedBy: sort.names.first ?? "name",
      summary: !options.json && !noHeadings && filter.isOpen)
    let inventory = try RegionInventory.current(
      options.json ? columns.facts.union(.all) : columns.facts)
    var streams: [StreamInventory.Entry] = []
    var unreadable: [RegionInventory.UnreadableSource] = []
    if filter.takesStreams {
      do {
        streams = try StreamInventory.current(besides: StreamArguments.directory).entries
      } catch {
        let source = RegionInventory.UnreadableSource(
          place: RegionName.directory, reason: error.reason)
        if !inventory.unreadable.contains(source) { unreadable.append(source) }
      }
    }
    let report = ListReport(
      inventory, streams: streams, filter: filter, columns: columns, now: Clock.secondsSince1970,
      unreadable: unreadable)
    for source in report.unreadable { Output.complain(source.sentence) }
    try Output.write(
      report, json: options.json, style: TextStyle(bytes: options.bytes, headings: !noHeadings))
  }
}

/// The kind of a row: the kind of a region, or a stream. `--kind` takes these values.
enum ListKind: Hashable, RawRepresentable, ExpressibleByArgument, CaseIterable {
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

/// Names of columns of the list.
struct ColumnNames: ArgumentWord {
  static let form = "expected columns out of \(ListReport.columnNames)"

  let names: [String]

  init(_ names: [String]) {
    self.names = names
  }

  init?(argument: String) {
    let names = argument.split(separator: ",", omittingEmptySubsequences: false)
      .map { $0.lowercased() }
    guard names.allSatisfy({ name in ListReport.columns.contains { $0.name == name } }) else {
      return nil
    }
    self.names = names
  }
}

extension ColumnNames: CustomStringConvertible {
  /// As the help shows a default.
  var description: String { names.joined(separator: ",") }
}
