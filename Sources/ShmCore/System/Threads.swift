import CShm
import Glibc
import SystemPackage

/// Threads for work that copies bytes. They are started together and joined together.
package enum Threads {
  /// The number of processors that this process may run on. sched_getaffinity(2)
  package static var processors: Int {
    max(1, Int(cshm_processors()))
  }

  /// Runs `body` on `count` threads, and returns when all of them have returned. Meanwhile the calling thread calls
  /// `whileWaiting` about ten times a second. If not all threads can be created, fewer threads run `body`; without
  /// any, the calling thread runs it. pthread_create(3)
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
      // The creator retained the job once for this thread.
      unsafe Unmanaged<Job>.fromOpaque(raw).takeRetainedValue().run()
      return nil
    }
    if thread == nil { unsafe argument.release() }
    return thread
  }

  /// The stack size of a thread in bytes, much larger than the work needs. The default is RLIMIT_STACK, usually
  /// 8 MiB, and all of it counts against RLIMIT_AS.
  private static let stack = 512 << 10

  /// Starts a thread that is not joined. pthread_create(3), pthread_detach(3)
  ///
  /// - Parameters:
  ///   - argument: passed to `body`.
  ///   - body: the work.
  /// - Returns: whether the thread was started.
  package static func detach(
    _ argument: UnsafeMutableRawPointer?,
    _ body: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?
  ) -> Bool {
    guard let thread = unsafe create(argument, body) else { return false }
    pthread_detach(thread)
    return true
  }

  /// Starts a thread; nil if the system cannot create one. pthread_create(3)
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

/// The state that the threads of one run share: the work, and the number of finished threads.
@safe private final class Job: @unchecked Sendable {
  // Unchecked, because several threads call `body`; its caller allows that. `mutex` guards the rest. It is
  // allocated separately so that it does not move.
  private let body: () -> Void
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var finished = 0

  init(_ body: @escaping () -> Void) {
    self.body = body
    unsafe pthread_mutex_init(mutex, nil)
    // A change of the system time must not make the wait longer.
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

  /// Waits until another thread finishes, or the time has passed. Returns at once if all `count` threads have
  /// finished, because no further change will be signalled.
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
