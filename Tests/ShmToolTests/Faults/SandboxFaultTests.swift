import ShmTestSupport
import Testing

@Suite("a sandbox that refuses a system call", .serialized)
struct SandboxFaultTests {
  @Test(
    "a refused system call has no effect if there is another method",
    arguments: [
      ("ENOSYS", "cachestat"), ("EPERM", "cachestat"), ("EPERM", "inotify_init1"),
      ("ENOSYS", "inotify_add_watch"), ("EPERM", "process_vm_readv"),
      ("ENOSYS", "process_vm_writev"), ("EPERM", "madvise"), ("ENOSYS", "statx"),
      ("EPERM", "linkat"), ("ENOSYS", "linkat"), ("EPERM", "O_TMPFILE"), ("ENOSYS", "O_TMPFILE"),
      ("EPERM", "prlimit64"),
    ])
  func fallback(_ error: String, _ call: String) async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, error, call)
    }
  }

  @Test("memfds and streams work on a system that forbids executable memfds")
  func executable() async throws {
    try await Python.test(named: TestName(), alone: true)
  }

  @Test(
    "a refused system call without another method is an error, and leaves nothing",
    arguments: [
      ("EPERM", "memfd_create"), ("ENOSYS", "mlock"), ("EPERM", "mlock"), ("ENOSYS", "mlock2"),
      ("EPERM", "fallocate"), ("ENOSYS", "fallocate"), ("ENOSYS", "signalfd4"),
      ("EPERM", "pidfd_open"), ("ENOSYS", "mincore"), ("EPERM", "prlimit64"),
    ])
  func clear(_ error: String, _ call: String) async throws {
    try await withRegion { (name) async throws in
      try await Python.test(named: name, error, call)
    }
  }
}
