import ArgumentParser
import ShmCore

/// Several operands: each failure is reported, the others are handled, and the first failure sets the exit
/// status.
struct Operands {
  /// The failure of one operand.
  struct Failure: Encodable {
    let region: RawText
    let exitStatus: Int
    let message: String
  }

  /// The failures, in order.
  private(set) var failures: [Failure] = []

  /// Calls `body` with each operand, and reports each error on stderr.
  ///
  /// - Parameters:
  ///   - operands: the operands.
  ///   - name: the name of an operand in messages.
  ///   - body: processes an operand.
  mutating func forEach<Operand>(
    _ operands: [Operand], named name: (Operand) -> RawText,
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
  mutating func fail(_ error: ShmError, _ name: RawText) {
    Output.complain(error)
    failures.append(
      Failure(
        region: name, exitStatus: Int(ExitStatus.of(error.kind)), message: Output.sentence(error)))
  }

  /// Ends the command with the first failure's exit status.
  func finish() throws {
    if let first = failures.first { throw ExitCode(Int32(first.exitStatus)) }
  }

  /// The same for a command whose report omits failed operands.
  static func forEach<Operand>(
    _ operands: [Operand], _ body: (Operand) throws(ShmError) -> Void
  ) throws {
    var all = Operands()
    all.forEach(operands, named: { _ in RawText("") }, body)
    try all.finish()
  }
}
