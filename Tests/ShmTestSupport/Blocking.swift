import ShmCore

/// Runs a body that blocks, such as a wait for another process or end, on a thread of its own.
///
/// The threads of Swift's tasks are as many as the processors. If blocking bodies occupied all of them, a body that they
/// wait for would not run.
///
/// - Parameter body: the body.
/// - Returns: the result of the body.
/// - Throws: the error of the body, or an error if no thread can be started.
package func blocking<Value: Sendable>(
  _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
  try await withCheckedThrowingContinuation {
    (continuation: CheckedContinuation<Value, any Error>) in
    let work = BlockingWork {
      continuation.resume(with: Result { try body() })
    }
    let retained = unsafe Unmanaged.passRetained(work)
    let isStarted = unsafe Threads.detach(retained.toOpaque()) { argument in
      if let argument = unsafe argument {
        unsafe Unmanaged<BlockingWork>.fromOpaque(argument).takeRetainedValue().run()
      }
      return nil
    }
    if !isStarted {
      unsafe retained.release()
      continuation.resume(
        throwing: ShmError(.system, "cannot run a test", "no thread can be started"))
    }
  }
}

private final class BlockingWork: Sendable {
  let run: @Sendable () -> Void

  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}
