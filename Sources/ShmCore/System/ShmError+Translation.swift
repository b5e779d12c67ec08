package import SystemPackage

extension ShmError {
  /// Runs `body` and says in the words of `attempt` what its error number means.
  package static func saying<Value: ~Copyable>(
    _ attempt: String, _ body: () throws(Errno) -> Value
  ) throws(ShmError) -> Value {
    try explaining({ ShmError(attempt, $0) }, body)
  }

  /// Runs `body` and lets `explain` say what its error number means.
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
