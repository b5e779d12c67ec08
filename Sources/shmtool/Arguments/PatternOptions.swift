import ArgumentParser
import ShmCopying
import ShmCore
import SystemPackage

/// What the bytes of a region are, or should be: the same words for `fill` and `verify`.
struct PatternOptions: ParsableArguments {
  /// Where the bytes come from.
  enum Source {
    case pattern(FillPattern)
    case file(FilePath)
  }

  @Flag(help: "Zeros")
  var zero = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("One byte repeated, such as 255 or 0xff", valueName: "BYTE"),
    transform: ByteValue.parse)
  var byte: ByteValue?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "TEXT repeated from the start of the range, with escapes \\n, \\t, \\r, \\0, \\\\ and \\xNN",
      valueName: "TEXT"), transform: ByteText.parse)
  var pattern: ByteText?

  @Flag(help: "64-bit words that hold their own offset, little-endian")
  var sequence = false

  @Flag(help: "Pseudorandom bytes (SplitMix64), the same on every machine")
  var random = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Seed of --random, such as 7 or 0x7 (default: 0)", valueName: "SEED"),
    transform: SeedValue.parse)
  var seed: SeedValue?

  @Option(
    help: ArgumentHelp("The contents of FILE; - means stdin", valueName: "FILE"),
    completion: .file(),
    transform: FileArgument.parse)
  var file: FilePath?

  func check() throws {
    let given = [
      (zero, "--zero"), (byte != nil, "--byte"), (pattern != nil, "--pattern"),
      (sequence, "--sequence"), (random, "--random"), (file != nil, "--file"),
    ].filter(\.0).map(\.1)
    if given.isEmpty {
      throw ValidationError(
        "--zero, --byte, --pattern, --sequence, --random or --file is required")
    }
    if given.count > 1 {
      throw ValidationError("\(given[0]) and \(given[1]) cannot be used together")
    }
    if seed != nil, !random { throw ValidationError("--seed requires --random") }
  }

  var source: Source {
    if let file { return .file(file) }
    if let byte { return .pattern(.byte(byte.value)) }
    if let pattern { return .pattern(.pattern(pattern.bytes)) }
    if sequence { return .pattern(.sequence) }
    if random { return .pattern(.random(seed: seed?.value ?? 0)) }
    return .pattern(.zero)
  }

  /// How the source is called in a report.
  var label: String {
    switch source {
    case .file("-"): "standard input"
    case .file(let path): "file \(Escaping.quoted(path.bytes))"
    case .pattern(.zero): "zeros"
    case .pattern(.byte(let byte)): "byte 0x\(String(byte, radix: 16))"
    case .pattern(.pattern(let bytes)):
      "a pattern of \(bytes.count) \(bytes.count == 1 ? "byte" : "bytes")"
    case .pattern(.sequence): "a sequence"
    case .pattern(.random(let seed)): "random bytes of seed \(seed)"
    }
  }
}
