import ArgumentParser
import ShmCore
import SystemPackage

/// What the bytes of a region are, or should be: the same words for `fill` and `verify`.
struct PatternOptions: ParsableArguments {
  /// Where the bytes come from.
  enum Source {
    case pattern(FillPattern)
    case file(FilePath)
  }

  @Flag(help: "Zeros.")
  var zero = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("One byte, over and over: 255, 0xff.", valueName: "byte"),
    transform: ByteValue.parse)
  var byte: ByteValue?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "These bytes, over and over from the start of the range; \\n, \\t, \\r, \\0, \\\\ and \\xNN are understood.",
      valueName: "text"), transform: ByteText.parse)
  var pattern: ByteText?

  @Flag(help: "Each 8-byte word holds its own offset, little-endian.")
  var sequence = false

  @Flag(help: "SplitMix64 from --seed: the same bytes on every machine.")
  var random = false

  @Option(
    parsing: .unconditional, help: "Where --random starts: 7, 0x7.", transform: SeedValue.parse)
  var seed: SeedValue?

  @Option(
    help: "The bytes of a file, - for stdin.", completion: .file(),
    transform: FileArgument.parse)
  var file: FilePath?

  func check() throws {
    let given = [zero, byte != nil, pattern != nil, sequence, random, file != nil]
    guard given.count(where: { $0 }) == 1 else {
      throw ValidationError(
        "say one of --zero, --byte, --pattern, --sequence, --random and --file")
    }
    if seed != nil, !random { throw ValidationError("--seed goes with --random") }
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
    case .pattern(.pattern(let bytes)): "a pattern of \(bytes.count) bytes"
    case .pattern(.sequence): "a sequence"
    case .pattern(.random(let seed)): "random bytes of seed \(seed)"
    }
  }
}
