import ArgumentParser
import ShmCore

struct Seal: CheckedCommand {
  static let configuration = CommandConfiguration(
    commandName: "seal",
    abstract: "Seal a memfd, for good.",
    discussion: """
      Seals: \(Seals.allWords.joined(separator: ", ")). Only a memfd can be sealed, and it is \
      named by the process that has it open. 'exec' on one that may be executed (any mode with x) brings \
      shrink, grow, write and future-write with it: that is the kernel's doing.

      Example: shmtool seal pid:1234:5 shrink,grow
      """)

  @Argument(
    help: "The region.", completion: CompletionDomain.memfd.kind, transform: RegionArgument.parse)
  var region: RegionReference

  @Argument(
    help: "The seals, separated by commas or blanks.", completion: CompletionDomain.seals.kind)
  var seals: [String]

  @OptionGroup var options: ActionOptions

  func check() throws {
    if Seals(words: seals) == nil {
      throw ValidationError("the seals are \(Seals.allWords.joined(separator: ", "))")
    }
  }

  func run() throws {
    let opened = try Region.open(region)
    // Before it is sealed: what fails afterwards would hide that it is.
    let size = try opened.status().size
    let wanted = Seals(words: seals) ?? []
    let before = opened.seals() ?? []
    try opened.add(wanted)
    let all = opened.seals() ?? before.union(wanted)
    try Output.write(
      ActionReport(
        "seal", region, "sealed \(region.quoted): \(all.words.joined(separator: ", "))",
        bytes: size, seals: all),
      options)
  }
}
