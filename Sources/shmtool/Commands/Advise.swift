import ArgumentParser
import ShmCore
import ShmInspection

struct Advise: CheckedCommand {
  static let configuration = CommandConfiguration(
    subcommand: "advise",
    abstract: "Advise the kernel to page a region out or in",
    usage: "shmtool advise [OPTIONS] REGION ADVICE",
    discussion: """
      ADVICE is one of:
        cold      page out these pages first if memory becomes short
        pageout   page them out to swap now
        willneed  read them from swap now

      The kernel may ignore the advice. advise reports how many bytes were resident and swapped \
      before and afterwards. Without swap the kernel pages nothing out. Wired pages and pages mapped by \
      other processes stay resident. Paging out requires ownership of the region or write \
      permission.

      advise extends the range to whole pages. Holes stay holes.
      """)

  static let examples = [
    "shmtool advise cache cold",
    "shmtool advise cache pageout --offset 64M",
    "shmtool advise cache willneed --length 1G",
  ]

  @Argument(
    help: ArgumentHelp("Region to advise", valueName: "REGION"),
    completion: RegionArgument.completion, transform: RegionArgument.parse)
  var region: RegionReference

  @Argument(
    help: ArgumentHelp("What to do with its pages", valueName: "ADVICE"),
    completion: .list(AdviceWord.words), transform: AdviceWord.parse)
  var advice: AdviceWord

  @OptionGroup var range: RangeOptions
  @OptionGroup var options: ActionOptions

  func check() throws {
    try range.check()
  }

  func run() throws {
    let attempt = "cannot advise \(region.quoted)"
    let opened = try Region.open(region, access: .readOnly)
    try opened.requireSharedMemory(attempt)
    let whole = try range.range(ofSize: try opened.status().size, attempt)
    let line = ProgressLine(total: whole.count, options)
    let done = try PageAdvice(advice.advice, on: opened, range: whole, progress: line.update)
    _ = line.finish()
    try Output.write(AdviseReport(region, advice, done, .current()), options)
  }
}
