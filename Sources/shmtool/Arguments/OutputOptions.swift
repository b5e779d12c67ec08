import ArgumentParser

/// How a command tells what it found: what it was asked for goes to stdout.
struct OutputOptions: ParsableArguments {
  @Flag(name: [.customShort("J"), .long], help: "Print one JSON object, with sizes in bytes")
  var json = false

  @Flag(name: .shortAndLong, help: "Print sizes in bytes")
  var bytes = false
}

/// How a command tells what it did: one line on stderr.
struct ActionOptions: ParsableArguments {
  @Flag(name: [.customShort("J"), .long], help: "Print one JSON object on stdout")
  var json = false

  @Flag(name: .shortAndLong, help: "Print only errors")
  var quiet = false

  @Flag(
    name: [.customShort("v"), .long], help: "Show progress even if stderr is not a terminal")
  var progress = false
}
