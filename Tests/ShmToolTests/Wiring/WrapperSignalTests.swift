import Glibc
import ShmTestSupport
import Testing

@Suite("signals of commands that run CMD")
struct WrapperSignalTests {
  @Test(
    "every signal that can be forwarded reaches CMD, whose status is returned",
    arguments: [
      "SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM",
      "SIGPROF", "SIGPIPE", "SIGCONT", "SIGWINCH", "SIGURG", "SIGIO", "SIGPWR", "SIGXCPU",
      "SIGXFSZ", "SIGABRT", "SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGTRAP", "SIGSYS",
      "SIGRTMIN", "SIGRTMAX",
    ])
  func each(_ signal: String) async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name, signal)
    }
  }

  @Test("the value of a queued signal reaches CMD")
  func value() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("wired pages stay wired while a signal is handled")
  func staysWired() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("SIGTSTP stops CMD and shmtool, and SIGCONT continues both")
  func jobControl() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("a key of the terminal reaches CMD once, and shmtool continues", arguments: [3, 28])
  func terminal(_ key: Int) async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name, "\(key)")
    }
  }

  @Test(
    "send and recv forward signals that do not end a stream",
    arguments: ["SIGUSR1", "SIGUSR2", "SIGALRM"])
  func streams(_ signal: String) async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, signal)
    }
  }

  @Test("SIGQUIT ends a stream like SIGTERM: the peer is notified, and CMD is ended")
  func quit() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("a signal that shmtool ignores from its start is ignored by CMD, too")
  func ignored() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
