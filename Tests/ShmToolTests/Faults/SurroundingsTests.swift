import ShmTestSupport
import Testing

@Suite("Unusual environments", .serialized)
struct SurroundingsTests {
  @Test(
    "every command works without /proc",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
  func noProc() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "a region that a hidden process may use is not reported as unused",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"),
    arguments: [
      "mount -t proc -o hidepid=2 proc /proc", "exec unshare -p --fork --mount-proc -- \"$@\"",
    ])
  func hidden(_ hiding: String) async throws {
    try await withRegion("1M", ["--mode", "666"]) { (name) async throws in
      try await Python.test(named: name, hiding)
    }
  }

  @Test("wait works if a directory is recreated or moved")
  func directories() async throws {
    let name = TestName("dir")
    try await Python.test(named: name)
  }

  @Test("CMD ignores the signals that shmtool ignored, and gets every signal that was sent")
  func signals() async throws {
    try await withRegion("4K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("a background holder accepts unusual names, and keeps no descriptor of its starter")
  func background() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("a failed create leaves no region, also after linking the name")
  func takenBack() async throws {
    let name = TestName()
    try await Python.test(named: name)
  }

  @Test("wire --follow tries again if a replaced region could not be wired at once")
  func follow() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("a file that reports a wrong size is read to its end")
  func sizes() async throws {
    let path = "/sys/kernel/mm/transparent_hugepage/enabled"
    let name = TestName()
    try await Python.test(named: name, path)
  }

  @Test("only a memfd has seals, not a tmpfs file that a process has open")
  func seals() async throws {
    try await withRegion("4K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("create --wired --while-pid holds while that process runs, and refuses an ended process")
  func whilePid() async throws {
    let name = TestName()
    try await Python.test(named: name)
  }

  @Test("wire --follow wires a range again that was cut off; unwire ends a holder of two once")
  func again() async throws {
    try await withRegion("8M") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("a memfd that is sealed against writing is wired through a read-only mapping")
  func sealed() async throws {
    try await Python.test()
  }
}
