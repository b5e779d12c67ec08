import ArgumentParser
import ShmCore

/// Several operands: each failure is reported, the others are handled, and the first failure sets the exit
/// status.
struct Operands {
  /// What could not be done to one operand.
  struct Failure: Encodable {
    let region: RawText
    let exitStatus: Int
    let message: String
  }

  /// The failures, in order.
  private(set) var failures: [Failure] = []

  /// Calls `body` with each operand, and tells each error on stderr.
  ///
  /// - Parameters:
  ///   - operands: the operands.
  ///   - name: what one is called.
  ///   - body: works on one.
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

  /// Tells an error that belongs to one operand.
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

  /// The same for a command that reports nothing of what failed.
  static func forEach<Operand>(
    _ operands: [Operand], _ body: (Operand) throws(ShmError) -> Void
  ) throws {
    var all = Operands()
    all.forEach(operands, named: { _ in RawText("") }, body)
    try all.finish()
  }
}
