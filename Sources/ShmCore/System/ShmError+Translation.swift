package import SystemPackage

extension ShmError {
  /// Runs `body`, and translates its error number to an error whose operation is `attempt`.
  package static func translating<Value: ~Copyable>(
    _ attempt: String, _ body: () throws(Errno) -> Value
  ) throws(ShmError) -> Value {
    try explaining({ ShmError(attempt, $0) }, body)
  }

  /// Runs `body`, and translates its error number with `explain`.
  package static func explaining<Value: ~Copyable>(
    _ explain: (Errno) -> ShmError, _ body: () throws(Errno) -> Value
  ) throws(ShmError) -> Value {
    do {
      return try body()
    } catch {
      throw explain(error)
    }
  }
}
