import ArgumentParser
import ShmCore

struct Wire: CommandRunner {
  static let configuration = CommandConfiguration(
    abstract: "Wire regions: hold their pages in RAM until told or while CMD runs.",
    usage: "shmtool wire [<options>] <regions> ... [-- <command> ...]",
    discussion: """
      Linux calls wired pages locked (mlock). A region is said to be wired when it has been checked, \
      page by page. CMD gets the regions as open descriptors from 3 on. Wired pages are taken from \
      everybody else; 'shmtool limits' says how many there may be.

      Example: shmtool wire cache
               shmtool wire cache --offset 4M --length 1M -- ./server
      """)

  enum CodingKeys: CodingKey {
    case regions, range, options
  }

  @Argument(
    help: "The regions.", completion: RegionArgument.completion, transform: RegionArgument.parse)
  var regions: [RegionReference]

  /// What stands behind `--`.
  var command: [String] = []

  @OptionGroup var range: RangeOptions
  @OptionGroup var options: ActionOptions

  func validate() throws {
    if regions.isEmpty { throw ValidationError("a region is needed") }
  }

  func run() throws {
    let loop = try HoldLoop()
    var held = HeldRegions()
    let line = ProgressLine(total: nil, options)
    for reference in regions {
      let region = try HeldRegions.openForWiring(reference)
      let whole = try range.range(
        ofSize: try region.status().size, "cannot wire '\(reference)'")
      try held.wire(region, whole) { (done) throws(ShmError) in
        line.update(done)
        if let signal = try loop.pendingSignal() {
          throw ShmError(
            .interrupted, "cannot wire '\(reference)'", "signal \(signal) arrived")
        }
      }
    }
    _ = line.finish()
    try Output.write(held.wiringReport, options)
    try loop.hold(command: command, descriptors: held.descriptors)
  }
}
