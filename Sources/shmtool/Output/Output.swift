import Glibc
import ShmCore
import Synchronization

extension TextStyle {
  /// The style for standard output: as wide as the terminal, otherwise COLUMNS, otherwise 80. Coloured only on a
  /// terminal, and never if NO_COLOR is set. no-color.org
  static func standardOutput(bytes: Bool) -> TextStyle {
    let columns = ProcessEnvironment["COLUMNS"].flatMap { Digits.number($0, as: UInt16.self) }
    let terminal = Terminal.columns(STDOUT_FILENO)
    let width = terminal ?? columns.flatMap { $0 > 0 ? Int($0) : nil } ?? 80
    return TextStyle(
      bytes: bytes, width: min(max(width, 20), 1000), limit: terminal,
      colour: StandardStreams.isTerminal(STDOUT_FILENO)
        && (ProcessEnvironment["NO_COLOR"] ?? "").isEmpty && !Terminal.isPlain(STDOUT_FILENO))
  }
}

/// The outputs: stdout for data, with all errors checked, and stderr for messages.
enum Output {
  /// Writes text to stdout, all of it or an error.
  static func write(_ text: String) throws(ShmError) {
    var bytes = Array(text.utf8)
    try writeBytes(&bytes, to: STDOUT_FILENO, "cannot write standard output")
  }

  /// Writes a report: JSON, or text in a style.
  static func write(
    _ report: some Report, json: Bool, style: TextStyle = TextStyle()
  ) throws(ShmError) {
    try write(try text(report, json: json, style: style))
  }

  /// Writes one of repeated reports as a JSON line with the time, at once.
  static func writeLook(_ report: some Report) throws(ShmError) {
    try write(try encode(report, time: Clock.sinceEpoch))
  }

  /// A report as it is written.
  static func text(
    _ report: some Report, json: Bool, style: TextStyle
  ) throws(ShmError) -> String {
    json ? try encode(report) : report.text(style)
  }

  /// Writes what a command did: JSON to stdout, or a line to stderr, or nothing.
  ///
  /// - Parameters:
  ///   - report: what was done.
  ///   - options: how it is reported.
  ///   - persists: whether the action has an effect after this process. If the report cannot be written, the error then
  ///     says that the action was done.
  /// - Throws: `ShmError`, if standard output does not take it.
  static func write(
    _ report: some Report, _ options: ActionOptions, persists: Bool = true
  ) throws(ShmError) {
    if options.json {
      do throws(ShmError) {
        try write(report, json: true)
      } catch {
        throw persists ? withDone(error, after: report) : error
      }
    } else if !options.quiet {
      say(report.text(TextStyle()))
    }
  }

  /// An error of a report, which says that the action was done.
  private static func withDone(_ error: ShmError, after report: some Report) -> ShmError {
    let done = report.text(TextStyle()).split(separator: "\n").joined(separator: "; ")
    guard !done.isEmpty else { return error }
    return error.worded(reason: "\(error.reason); already done: \(done)")
  }

  /// Writes a report to a descriptor of the caller's choice.
  static func write(_ report: some Report, json: Bool, to descriptor: Int32) throws(ShmError) {
    var bytes = Array((json ? try encode(report) : report.text(TextStyle())).utf8)
    try writeBytes(&bytes, to: descriptor, "cannot write descriptor \(descriptor)")
  }

  /// Writes an error to stderr, in one line.
  static func complain(_ error: ShmError) {
    complain(sentence(error))
  }

  /// An error as a sentence, with the advice for the place of this process.
  static func sentence(_ error: ShmError) -> String {
    error.sentence(
      advising: { shortage in
        Advice(Place.current { ProcessEnvironment.bytes($0) }).text(for: shortage)
      }, wording: \.words)
  }

  /// What can be done about an error at the place of this process; nil if nothing is known.
  static func hint(_ error: ShmError) -> String? {
    let hints = [
      error.shortage.map {
        Advice(Place.current { ProcessEnvironment.bytes($0) }).text(for: $0)
      }, error.remedy?.words,
    ].compactMap { $0 }
    return hints.isEmpty ? nil : hints.joined(separator: "; ")
  }

  /// Writes a message to stderr, in one line after the program's name.
  static func complain(_ message: String) {
    let line = "shmtool: \(message)\n"
    let isHeld = held.withLock { lines in
      lines?.append(line)
      return lines != nil
    }
    if !isHeld { say(line) }
  }

  /// The messages that are kept until the alternate screen is left, because the screen would erase them; nil without a
  /// screen.
  private static let held = Mutex<[String]?>(nil)

  /// Keeps messages from now on if they would appear on a terminal.
  static func holdMessages() {
    guard StandardStreams.isTerminal(STDERR_FILENO) else { return }
    held.withLock { $0 = $0 ?? [] }
  }

  /// Writes the messages that were kept.
  static func releaseMessages() {
    let lines = held.withLock { lines in
      defer { lines = nil }
      return lines ?? []
    }
    if !lines.isEmpty { say(lines.joined()) }
  }

  /// Writes text to stderr. Only the exit status shows that it could not be written.
  ///
  /// - Parameters:
  ///   - text: what is said.
  ///   - waits: whether to wait if stderr takes no bytes now; a pending signal ends the wait.
  static func say(_ text: String, waits: Bool = true) {
    guard DescriptorIO.acceptsOutput(STDERR_FILENO, waits: waits) else { return }
    var bytes = Array(text.utf8)
    unsafe bytes.withUnsafeMutableBytes { buffer in
      try? unsafe DescriptorIO.writeAll(STDERR_FILENO, UnsafeRawBufferPointer(buffer), "")
    }
  }

  private static func writeBytes(
    _ bytes: inout [UInt8], to descriptor: Int32, _ attempt: String
  ) throws(ShmError) {
    try unsafe bytes.withUnsafeMutableBufferPointer { (buffer) throws(ShmError) in
      try unsafe DescriptorIO.writeAll(descriptor, UnsafeRawBufferPointer(buffer), attempt)
    }
  }

  /// The version of the format of all JSON output.
  static let schema = 2

  private static func encode(
    _ report: some Report, time: Double? = nil
  ) throws(ShmError) -> String {
    do {
      return try JSONText.encode(Envelope(report: report, time: time)) + "\n"
    } catch {
      throw ShmError(.defect, "cannot write JSON", "\(error)")
    }
  }
}

/// A report with the version of its format, and with the time if it is one of several looks.
private struct Envelope<Content: Report>: Encodable {
  let report: Content
  let time: Double?

  enum CodingKeys: CodingKey {
    case schema, time
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(Output.schema, forKey: .schema)
    if let time { try container.encode(time, forKey: .time) }
    try report.encode(to: encoder)
  }
}
