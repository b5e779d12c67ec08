import ArgumentParser
import ShmCore

struct List: CheckedCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the regions of the host, and who uses each.",
    discussion: """
      POSIX objects and semaphores, memfds, System V segments, shared anonymous memory, files on any \
      tmpfs or hugetlbfs that somebody has open or mapped, what was removed and is still in use, and \
      streams. What cannot be read is named on stderr, and the rest is listed. The last line says how far the sum agrees with Shmem: of /proc/meminfo, and what could \
      not be seen; it is left out where the list is not whole, and with --no-headings.

      To look takes no lease or lock and opens no leased region, so "none seen" among the users is no \
      proof: 'remove --unused' and 'remove --stale --yes' prove it when they remove. The age counts from \
      when a region was made or last written, whichever is later; 'remove --older-than' means the same.

      Wired is what a process has locked whose mappings may be read, what SHM_LOCK has, and huge pages \
      from a pool. Of anonymous memory that may not be looked at the size is what is mapped.

      Columns for --output, of which --sort takes one:
      \(ListReport.columnHelp)

      Example: shmtool list --output name,reference,seals --kind memfd
               shmtool list --stale --sort allocated
      """,
    aliases: ["ls"])

  @Option(
    help: "The columns, separated by commas.", completion: CompletionDomain.columns.kind,
    transform: ColumnNames.parse)
  var output: ColumnNames = ColumnNames(ListReport.defaultColumns)

  @Option(
    help: "The column to sort by.", completion: CompletionDomain.column.kind,
    transform: ColumnNames.parse)
  var sort: ColumnNames = ColumnNames(["name"])

  @Option(help: "Only this kind; may be repeated.")
  var kind: [RegionKind] = []

  @Option(
    help: ArgumentHelp("Only what that process uses.", valueName: "pid"),
    completion: CompletionDomain.process.kind)
  var pid: Int32?

  @Option(
    help: ArgumentHelp("Only what belongs to that user, a name or a number.", valueName: "user"),
    completion: CompletionDomain.user.kind, transform: ArgumentBytes.bytes)
  var user: [UInt8]?

  @Flag(help: "Only regions that no process is seen to use")
  var stale = false

  @Flag(help: "Leave out the headings, and the last line.")
  var noHeadings = false

  @OptionGroup var options: OutputOptions

  func check() throws {
    if let pid, pid <= 0 { throw ValidationError("--pid takes a process's number") }
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

/// The kinds that `--kind` takes.
enum RegionKind: String, ExpressibleByArgument, CaseIterable {
  case posix, semaphore, memfd, sysv, file, anonymous, other, stream
}

/// Names of columns of the list.
struct ColumnNames: ArgumentWord {
  static let form = "the columns are \(ListReport.columnNames)"

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
