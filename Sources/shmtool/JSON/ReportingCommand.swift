import ArgumentParser
import ShmCopying
import ShmCore

/// A command that can report as JSON. Its errors then end with a line of JSON.
protocol ReportingCommand: ParsableCommand {
  /// Whether JSON was requested.
  var reportsJSON: Bool { get }
  /// The regions that the command was given, as it takes them.
  var operandTexts: [RawText] { get }
}

/// Whether the arguments request JSON, even if they cannot be parsed.
enum JSONRequest {
  /// - Parameter words: the words after the program's name, up to `--`.
  /// - Returns: whether `--json` or `-J` is one of them, alone or in a group of short options.
  static func isIn(_ words: [String]) -> Bool {
    words.contains { word in
      if word == "--json" { return true }
      let letters = word.utf8.dropFirst()
      return word.utf8.first == UInt8(ascii: "-") && letters.contains(UInt8(ascii: "J"))
        && letters.allSatisfy { UInt8(ascii: "A")...UInt8(ascii: "z") ~= $0 }
    }
  }
}

extension Create: ReportingCommand {
  var reportsJSON: Bool { options.json }
  var operandTexts: [RawText] { [RawText(region)] }
}

extension List: ReportingCommand {
  var reportsJSON: Bool { options.json }
  var operandTexts: [RawText] { names.map { RawText($0.bytes) } }
}

extension Inspect: ReportingCommand {
  var reportsJSON: Bool { options.json }
  var operandTexts: [RawText] { regions.map(\.text) }
}

extension Resize: ReportingCommand {
  var reportsJSON: Bool { options.json }
  var operandTexts: [RawText] { [RawText(region)] }
}

extension Seal: ReportingCommand {
  var reportsJSON: Bool { options.json }
  var operandTexts: [RawText] { [RawText(region)] }
}

extension Remove: ReportingCommand {
  var reportsJSON: Bool { options.json }
  var operandTexts: [RawText] { regions.map(\.text) }
}

extension Advise: ReportingCommand {
  var reportsJSON: Bool { options.json }
  var operandTexts: [RawText] { [RawText(region)] }
}

extension Fill: ReportingCommand {
  var reportsJSON: Bool { options.json }
  var operandTexts: [RawText] { [RawText(region)] }
}

extension Verify: ReportingCommand {
  var reportsJSON: Bool { options.json }
  var operandTexts: [RawText] { [RawText(region)] }
}

extension Read: ReportingCommand {
  var reportsJSON: Bool { options.json }
  var operandTexts: [RawText] { [RawText(region)] }
}

extension Write: ReportingCommand {
  var reportsJSON: Bool { options.json }
  var operandTexts: [RawText] { [RawText(region)] }
}

extension Copy: ReportingCommand {
  var reportsJSON: Bool { options.json }
  var operandTexts: [RawText] {
    [from, to].compactMap { end in
      if case .region(let reference, _) = end { RawText(reference) } else { nil }
    }
  }
}

extension Wait: ReportingCommand {
  var reportsJSON: Bool { json }
  var operandTexts: [RawText] { region.map { [RawText($0)] } ?? [] }
}

extension Map: ReportingCommand {
  var reportsJSON: Bool { options.json }
  var operandTexts: [RawText] { regions.map { RawText($0) } }
}

extension Wire: ReportingCommand {
  var reportsJSON: Bool { options.json }
  var operandTexts: [RawText] { regions.map { RawText($0) } }
}

extension Unwire: ReportingCommand {
  var reportsJSON: Bool { options.json }
  var operandTexts: [RawText] { regions.map { RawText($0) } }
}

extension Limits: ReportingCommand {
  var reportsJSON: Bool { options.json }
  var operandTexts: [RawText] { [] }
}

extension Bench: ReportingCommand {
  var reportsJSON: Bool { json }
  var operandTexts: [RawText] { [] }
}

extension Send: ReportingCommand {
  var reportsJSON: Bool { stream.json }
  var operandTexts: [RawText] { [RawText(StreamReference.argument(name))] }
}

extension Recv: ReportingCommand {
  var reportsJSON: Bool { stream.json }
  var operandTexts: [RawText] { [RawText(StreamReference.argument(name))] }
}
