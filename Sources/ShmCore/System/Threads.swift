import CShm
import Glibc
import SystemPackage

/// Threads for work that copies bytes: started together, joined together.
package enum Threads {
  /// How many processors this process may run on. sched_getaffinity(2)
  package static var processors: Int {
    max(1, Int(cshm_processors()))
  }

  /// Runs `body` on `count` threads at once and returns when all have returned. While they work
  /// this thread calls `whileWaiting` about ten times a second. If threads cannot be created, fewer
  /// do the work; this one, if need be. pthread_create(3)
  package static func run(
    _ count: Int, body: () -> Void, whileWaiting: () -> Void
  ) {
    withoutActuallyEscaping(body) { body in
      // Every thread is joined before this returns, so the closure outlives them.
      let job = Job(body)
      var threads: [pthread_t] = []
      for _ in 0..<count {
        guard let thread = start(job) else { break }
        threads.append(thread)
      }
      if threads.isEmpty { body() }
      while !job.isFinished(threads.count) {
        whileWaiting()
        job.waitForOne(of: threads.count, milliseconds: 100)
      }
      for thread in threads { pthread_join(thread, nil) }
    }
  }

  private static func start(_ job: Job) -> pthread_t? {
    let argument = unsafe Unmanaged.passRetained(job)
    let thread = unsafe create(argument.toOpaque()) { raw in
      guard let raw = unsafe raw else { return nil }
      // The creator has retained the job once for this thread.
      unsafe Unmanaged<Job>.fromOpaque(raw).takeRetainedValue().run()
      return nil
    }
    if thread == nil { unsafe argument.release() }
    return thread
  }

  /// The stack of a thread in bytes, many times what the work of any needs. Without it a thread gets as
  /// much as RLIMIT_STACK says, 8 MiB most often, all of which counts against RLIMIT_AS.
  private static let stack = 512 << 10

  /// Starts a thread that ends by itself and that is never waited for. pthread_create(3), pthread_detach(3)
  ///
  /// - Parameters:
  ///   - argument: what `body` is given.
  ///   - body: the work.
  /// - Returns: whether the system could start a thread.
  package static func detach(
    _ argument: UnsafeMutableRawPointer?,
    _ body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?
  ) -> Bool {
    guard let thread = unsafe create(argument, body) else { return false }
    pthread_detach(thread)
    return true
  }

  /// Starts a thread; nil if the system has none to give. pthread_create(3)
  private static func create(
    _ argument: UnsafeMutableRawPointer?,
    _ body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?
  ) -> pthread_t? {
    let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
    defer { unsafe attributes.deallocate() }
    guard unsafe pthread_attr_init(attributes) == 0 else { return nil }
    defer { unsafe pthread_attr_destroy(attributes) }
    unsafe pthread_attr_setstacksize(attributes, stack)
    var thread = pthread_t()
    do {
      try SystemCall.checkNumber { unsafe pthread_create(&thread, attributes, body, argument) }
      return thread
    } catch {
      return nil
    }
  }
}

/// What the threads of one run share: the work, and how many have done it.
@safe private final class Job: @unchecked Sendable {
  // Unchecked: `body` is called by several threads at once, as its caller knows; the rest is
  // guarded by `mutex`, which does not move because it is allocated by itself.
  private let body: () -> Void
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var finished = 0

  init(_ body: @escaping () -> Void) {
    self.body = body
    unsafe pthread_mutex_init(mutex, nil)
    // A clock that somebody sets must not make the wait longer.
    var attributes = pthread_condattr_t()
    unsafe pthread_condattr_init(&attributes)
    unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    unsafe pthread_cond_init(changed, &attributes)
    unsafe pthread_condattr_destroy(&attributes)
  }

  deinit {
    unsafe pthread_cond_destroy(changed)
    unsafe pthread_mutex_destroy(mutex)
    unsafe changed.deallocate()
    unsafe mutex.deallocate()
  }

  func run() {
    body()
    unsafe pthread_mutex_lock(mutex)
    finished += 1
    unsafe pthread_cond_signal(changed)
    unsafe pthread_mutex_unlock(mutex)
  }

  func isFinished(_ count: Int) -> Bool {
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    return finished >= count
  }

  /// Waits until one of `count` threads finishes; not if all have finished: the last may have done so just
  /// before.
  func waitForOne(of count: Int, milliseconds: Int) {
    var until = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &until)
    until.tv_nsec += milliseconds * 1_000_000
    until.tv_sec += until.tv_nsec / 1_000_000_000
    until.tv_nsec %= 1_000_000_000
    unsafe pthread_mutex_lock(mutex)
    if finished < count { unsafe pthread_cond_timedwait(changed, mutex, &until) }
    unsafe pthread_mutex_unlock(mutex)
  }
}
