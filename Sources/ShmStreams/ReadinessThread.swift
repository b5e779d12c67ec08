import Glibc
import ShmCore
import Synchronization
import SystemPackage

/// A thread that waits for the descriptors of suspended tasks. It starts with the first wait of the process and never
/// ends. poll(2)
final class ReadinessThread: Sendable {
  static let shared = ReadinessThread()

  /// A task that waits.
  private enum Suspension {
    /// The task is not suspended yet.
    case announced
    /// The task was cancelled before it was suspended.
    case cancelled
    case suspended(CInt, CheckedContinuation<Void, any Error>)
  }

  private struct State {
    var waiters: [UInt64: Suspension] = [:]
    var last: UInt64 = 0
    var isRunning = false
  }

  private let state = Mutex(State())
  /// Interrupts the thread's wait after a change; nil if the process has no descriptor left.
  private let changed: WakeEvent?

  /// The descriptor of `changed`.
  private let event: CInt

  private init() {
    do {
      let made = try WakeEvent()
      event = made.descriptor.raw
      changed = .some(made)
    } catch {
      event = -1
      changed = nil
    }
  }

  /// Waits until a descriptor is readable, has an error, or has reached its end.
  ///
  /// - Parameter descriptor: the descriptor, which must stay open for the wait.
  /// - Throws: `CancellationError`, or `ShmError` of kind `system` if the thread cannot be started.
  func wait(for descriptor: CInt) async throws {
    let number = try announce()
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let isCancelled = state.withLock { state in
          if case .cancelled = state.waiters[number] {
            state.waiters[number] = nil
            return true
          }
          state.waiters[number] = .suspended(descriptor, continuation)
          return false
        }
        if isCancelled { continuation.resume(throwing: CancellationError()) }
        changed?.ring()
      }
    } onCancel: {
      cancel(number)
    }
  }

  /// Adds a waiter, and starts the thread if this is the first one.
  private func announce() throws(ShmError) -> UInt64 {
    let number = state.withLock { state in
      if !state.isRunning, event >= 0 {
        state.isRunning = unsafe Threads.detach(nil) { _ in
          ReadinessThread.shared.run()
          return nil
        }
      }
      guard state.isRunning else { return nil as UInt64? }
      state.last += 1
      state.waiters[state.last] = .announced
      return state.last
    }
    if let number { return number }
    throw ShmError(.system, "cannot wait for a stream", "no thread can be started")
  }

  private func cancel(_ number: UInt64) {
    let waiter = state.withLock { state in
      let waiter = state.waiters[number]
      switch waiter {
      case .announced: state.waiters[number] = .cancelled
      case .suspended: state.waiters[number] = nil
      case .cancelled, nil: break
      }
      return waiter
    }
    if case .suspended(_, let continuation) = waiter {
      continuation.resume(throwing: CancellationError())
      changed?.ring()
    }
  }

  private func run() {
    var polled = Waiter()
    while true {
      let waiting = suspended()
      polled.removeAll()
      polled.add(event)
      for waiter in waiting { polled.add(waiter.descriptor) }
      do {
        try polled.wait(timeout: nil)
      } catch {
        // The kernel has no memory at the moment.
        Waiter.pause(.milliseconds(10))
        continue
      }
      // Reset before the list of waiters is read again, so that no change is missed.
      if polled.isReady(0) { changed?.silence() }
      for (place, waiter) in waiting.enumerated() where polled.isReady(place + 1) {
        resume(waiter.number)
      }
    }
  }

  private func suspended() -> [(number: UInt64, descriptor: CInt)] {
    state.withLock { state in
      state.waiters.compactMap { number, waiter in
        if case .suspended(let descriptor, _) = waiter { (number, descriptor) } else { nil }
      }
    }
  }

  private func resume(_ number: UInt64) {
    let waiter = state.withLock { $0.waiters.removeValue(forKey: number) }
    if case .suspended(_, let continuation) = waiter { continuation.resume() }
  }
}
