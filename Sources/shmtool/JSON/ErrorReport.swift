import ShmCore

/// An error as JSON: what the last line of stderr holds, and what reports have as `error` and in `errors`.
struct ErrorReport: Encodable, Sendable {
  /// A word for the kind of error, from the table of exit statuses.
  let code: String
  let exitStatus: Int
  let message: String
  /// What can be done; null if nothing is known.
  let hint: Unknowable<String>
  /// The reference of the region; null if the error is not about one operand.
  let region: Unknowable<RawText>

  /// - Parameters:
  ///   - kind: the kind of error.
  ///   - message: what failed, and why.
  ///   - hint: what can be done.
  ///   - region: the operand that the error is about.
  ///   - status: the exit status, if it is not the one of the kind.
  init(
    _ kind: ShmError.Kind, _ message: String, hint: String? = nil, region: RawText? = nil,
    status: Int32? = nil
  ) {
    code = kind.name
    exitStatus = Int(status ?? ExitStatus.of(kind))
    self.message = message
    self.hint = Unknowable(hint)
    self.region = Unknowable(region)
  }

  init(_ error: ShmError, _ region: RawText? = nil, status: Int32? = nil) {
    self.init(
      error.kind, "\(error.attempt): \(error.reason)", hint: Output.hint(error), region: region,
      status: status)
  }

  /// An error of a command: the region is the operand that the error names.
  init(_ error: ShmError, in command: (any ReportingCommand)?, status: Int32? = nil) {
    let operands = command?.operandTexts ?? []
    let named = operands.first { error.attempt.contains($0.quoted) }
    let isOnly = operands.count == 1 && !(command is Copy)
    self.init(error, named ?? (isOnly ? operands[0] : nil), status: status)
  }

  /// The error as a line for stderr.
  var line: String {
    ((try? JSONText.encode(ErrorLine(error: self))) ?? "") + "\n"
  }
}

/// The object on the last line of stderr.
private struct ErrorLine: Encodable {
  let schema = Output.schema
  let error: ErrorReport

  enum CodingKeys: CodingKey {
    case schema, error
  }
}

/// A failure whose text, if it has one, was already printed. It ends the command with the failure's exit status.
struct ReportedFailure: Error {
  let report: ErrorReport

  /// The failure of CMD, whose exit status becomes that of the command.
  static func command(_ name: [UInt8], _ end: CommandEnd) -> ReportedFailure {
    ReportedFailure(
      report: ErrorReport(
        .commandFailed, "\(Escaping.quoted(name)) \(end.sentence)", status: end.status))
  }
}
