import ArgumentParser
import ShmCore

/// Several operands: what fails is told, the rest goes on, and the first failure is the exit code.
enum Operands {
  static func forEach<Operand>(
    _ operands: [Operand], _ body: (Operand) throws(ShmError) -> Void
  ) throws {
    var first: ShmError.Code?
    for operand in operands {
      do throws(ShmError) {
        try body(operand)
      } catch {
        Output.complain(error)
        first = first ?? error.code
      }
    }
    if let first { throw ExitCode(Int32(first.rawValue)) }
  }
}
