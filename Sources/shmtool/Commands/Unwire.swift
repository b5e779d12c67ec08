import ArgumentParser
import ShmCore

struct Unwire: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "End the background holders of regions.",
    discussion: """
      Other processes keep what they have wired; 'shmtool wire --list' shows them.

      Example: shmtool unwire cache
      """)

  @Argument(
    help: "The regions.", completion: RegionArgument.completion, transform: RegionArgument.parse)
  var regions: [RegionReference]

  @OptionGroup var options: ActionOptions

  func run() throws {
    try Operands.forEach(regions) { (reference) throws(ShmError) in
      let identity = try Region.open(reference, access: .status).status().identity
      let scan = try WiringHolder.scan()
      let all = scan.holders.filter { $0.region == identity }
      let background = all.filter(\.isBackground)
      if background.isEmpty {
        let others = all.map { "\($0.process)" }.joined(separator: ", ")
        throw ShmError(
          .notFound, "cannot unwire '\(reference)'", "nobody in the background has it wired",
          remedy: all.isEmpty
            ? HoldersReport.hidden(scan.hiddenProcesses) : "end process \(others), which has")
      }
      for holder in background {
        try holder.end()
        try Output.write(
          ActionReport(
            "unwire", reference,
            "unwired \(ByteCount(holder.wired)) of '\(reference)', held by process \(holder.process)",
            bytes: holder.wired), options)
      }
    }
  }
}
