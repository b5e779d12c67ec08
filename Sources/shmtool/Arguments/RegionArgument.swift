import ArgumentParser
import ShmCore

/// How a region is taken from the command line.
enum RegionArgument {
  static func parse(_ text: String) throws -> RegionReference {
    try RegionReference(bytes: ArgumentBytes.bytes(text))
  }

  /// The names of regions.
  static let completion = CompletionDomain.region.kind
}
