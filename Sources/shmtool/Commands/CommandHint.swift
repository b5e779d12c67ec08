import ShmCore

extension ShmError {
  /// The error for an operand that names no region. The `--` before CMD is easily forgotten: if the operand
  /// names a program, the error says so.
  ///
  /// - Parameters:
  ///   - word: the operand.
  ///   - isFirst: whether it is the first operand, which is a region in any case.
  /// - Returns: the error, with another hint if the operand names a program.
  func hintingAtCommand(_ word: RegionReference, isFirst: Bool) -> ShmError {
    guard kind == .notFound, !isFirst,
      (try? PipedCommand.check([word.argument], path: ProcessEnvironment.path)) != nil
    else { return self }
    return worded(remedy: "if \(word.quoted) is a command to run, write '--' before it")
  }
}
