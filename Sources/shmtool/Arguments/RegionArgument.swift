import ArgumentParser
import ShmCore

/// How a region is taken from the command line.
enum RegionArgument {
  static func parse(_ text: String) throws -> RegionReference {
    try RegionReference(text)
  }

  /// The shell asks the list.
  static let completion = CompletionKind.shellCommand(
    "shmtool list --no-headings --output reference --kind posix --kind memfd --kind file 2>/dev/null"
  )
}
