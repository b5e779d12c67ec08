import ArgumentParser
import ShmCore

struct List: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the regions of the host, and who uses each.",
    discussion: """
      Streams stand in it from the time their senders wait; one that nobody uses was left by a sender \
      that was killed, and 'shmtool remove' clears it.

      Columns for --output: \(ListReport.columnNames).

      Example: shmtool list --output name,size,users --sort size
      """,
    aliases: ["ls"])

  @Option(help: "The columns, separated by commas.", transform: ColumnNames.parse)
  var output: ColumnNames = ColumnNames(ListReport.defaultColumns)

  @Option(help: "The column to sort by.", transform: ColumnNames.parse)
  var sort: ColumnNames = ColumnNames(["name"])

  @Option(help: "Only this kind: posix, semaphore, stream.")
  var kind: Kind?

  @Flag(help: "Leave out the headings.")
  var noHeadings = false

  @OptionGroup var options: OutputOptions

  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case posix, semaphore, stream
  }

  func run() throws {
    let inventory = try RegionInventory.posixObjects()
    let entries = inventory.entries.filter { kind == nil || $0.kind.rawValue == kind?.rawValue }
    let streams =
      kind == nil || kind == .stream
      ? try StreamInventory.current(besides: StreamArguments.directory).entries : []
    let users = try RegionUsers.scan(for: Set(entries.map(\.status.identity)))
    let report = ListReport(
      entries, users, streams: streams, columns: output.names, sortedBy: sort.names.first ?? "name",
      now: Clock.secondsSince1970)
    try Output.write(
      report, json: options.json, style: TextStyle(bytes: options.bytes, headings: !noHeadings))
  }
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
