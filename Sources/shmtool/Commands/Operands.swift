import ShmCore

/// Several operands: each failure is reported, the others are handled, and the first failure sets the exit
/// status.
struct Operands {
  /// The failures, in order.
  private(set) var failures: [ErrorReport] = []

  /// Calls `body` with each operand, and reports each error on stderr.
  ///
  /// - Parameters:
  ///   - operands: the operands.
  ///   - name: the reference of an operand in JSON; nil for an operand without one.
  ///   - body: processes an operand.
  mutating func forEach<Operand>(
    _ operands: [Operand], named name: (Operand) -> RawText?,
    _ body: (Operand) throws(ShmError) -> Void
  ) {
    for operand in operands {
      do throws(ShmError) {
        try body(operand)
      } catch {
        fail(error, name(operand))
      }
    }
  }

  /// Reports an error of one operand.
  mutating func fail(_ error: ShmError, _ name: RawText?) {
    Output.complain(error)
    failures.append(ErrorReport(error, name))
  }

  /// Ends the command with the first failure's exit status.
  func finish() throws {
    if let first = failures.first { throw ReportedFailure(report: first) }
  }

  /// The same for a command whose report omits failed operands.
  static func forEach<Operand>(
    _ operands: [Operand], named name: (Operand) -> RawText? = { _ in nil },
    _ body: (Operand) throws(ShmError) -> Void
  ) throws {
    var all = Operands()
    all.forEach(operands, named: name, body)
    try all.finish()
  }
}
