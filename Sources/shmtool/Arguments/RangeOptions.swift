import ArgumentParser
import ShmCore

/// Which bytes of a region are meant.
struct RangeOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Start of the range in the region (default: 0)", valueName: "OFFSET"),
    transform: ByteSize.parse)
  var offset = ByteSize(bytes: 0)

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Length of the range (default: to the end of the region)", valueName: "SIZE"),
    transform: ByteSize.parse)
  var length: ByteSize?

  func check() throws {
    if length?.bytes == 0 { throw ValidationError("--length must be at least 1 byte") }
    if offset.bytes.addingReportingOverflow(length?.bytes ?? 0).overflow {
      throw ValidationError("--offset plus --length exceeds 2^63 - 1")
    }
  }

  /// The range that is meant.
  var range: ByteRange {
    ByteRange(offset: offset.bytes, end: length.map { offset.bytes + $0.bytes })
  }

  /// The range of a region of `size` bytes; nothing is rounded.
  func range(
    ofSize size: Int, _ attempt: @autoclosure () -> String
  ) throws(ShmError) -> Range<Int> {
    try range.resolved(ofSize: size, attempt())
  }
}
