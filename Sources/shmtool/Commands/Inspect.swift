import ArgumentParser
import ShmCore

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Look at regions in depth: sizes, pages by state, users.",
    discussion: """
      Nothing is changed by looking: no page is brought in, none is written.

      Example: shmtool inspect cache
               shmtool inspect --json pid:1234:5
      """,
    aliases: ["info"])

  @Argument(
    help: "The regions.", completion: RegionArgument.completion, transform: RegionArgument.parse)
  var regions: [RegionReference]

  @OptionGroup var options: OutputOptions

  func run() throws {
    var found: [InspectReport.Entry] = []
    var failure: (any Error)?
    do {
      try Operands.forEach(regions) { (reference) throws(ShmError) in
        found.append(InspectReport.Entry(try RegionInspection(reference)))
      }
    } catch {
      failure = error
    }
    if !found.isEmpty || options.json {
      try Output.write(
        InspectReport(regions: found), json: options.json,
        style: .standardOutput(bytes: options.bytes))
    }
    if let failure { throw failure }
  }
}
