import ArgumentParser
import ShmCore

struct Seal: CheckedCommand {
  static let configuration = CommandConfiguration(
    subcommand: "seal",
    abstract: "Seal a memfd permanently",
    usage: "shmtool seal [OPTIONS] REGION SEAL ...",
    discussion: """
      SEAL is one of \(Seals.allWords.joined(separator: ", ")). Seals cannot be removed. Sealing \
      'exec' on an executable memfd (a mode with x) also sets shrink, grow, write and future-write.

      Only memfds can be sealed. Name a memfd by a process that has it open: pid:PID:FD.
      """)

  static let examples = [
    "shmtool seal pid:1234:5 shrink,grow"
  ]

  @Argument(
    help: ArgumentHelp("Memfd to seal", valueName: "REGION"),
    completion: CompletionDomain.memfd.kind, transform: RegionArgument.parse)
  var region: RegionReference

  @Argument(
    help: ArgumentHelp("Seals, separated by commas or spaces", valueName: "SEAL"),
    completion: CompletionDomain.seals.kind)
  var seals: [String]

  @OptionGroup var options: ActionOptions

  func check() throws {
    if let wrong = seals.first(where: { Seals(words: [$0]) == nil }) {
      let known = Seals.allWords.joined(separator: ", ")
      throw ValidationError("invalid SEAL '\(wrong)': expected one or more of \(known)")
    }
  }

  func run() throws {
    let opened = try Region.open(region)
    // Read before the sealing. A later failure would hide that the region is sealed.
    let size = try opened.status().size
    let wanted = Seals(words: seals) ?? []
    let before = opened.seals() ?? []
    try opened.add(wanted)
    let all = opened.seals() ?? before.union(wanted)
    try Output.write(
      ActionReport(
        "seal", region, "sealed \(region.quoted): \(all.words.joined(separator: ", "))",
        size: size, seals: all),
      options)
  }
}
