import ShmCore
import SystemPackage

/// The system calls of a measurement, and their errors.
enum BenchCall {
  static let attempt = "cannot measure"

  /// The other process is gone.
  static var ended: ShmError {
    ShmError(.peerDied, attempt, "the other process of the measurement ended")
  }

  /// Runs calls. An error that means that the other process is gone is reported as such.
  static func run<Value: ~Copyable>(
    _ body: () throws(Errno) -> Value
  ) throws(ShmError) -> Value {
    do {
      return try body()
    } catch .brokenPipe, .connectionReset, .timedOut {
      throw ended
    } catch {
      throw ShmError(attempt, error)
    }
  }
}
