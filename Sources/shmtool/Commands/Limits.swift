import ArgumentParser
import ShmCore

struct Limits: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the limits that bound wiring, and what of them is used.",
    discussion: """
      Example: shmtool limits
               shmtool limits --json
      """)

  @OptionGroup var options: OutputOptions

  func run() throws {
    let report = LimitsReport(
      try WiringLimits.current(), memory: MemoryInformation.current(),
      shm: try? MemoryFileSystem.at(RegionName.directory))
    try Output.write(report, json: options.json, style: TextStyle(bytes: options.bytes))
  }
}
