import Glibc
import ShmTestSupport
import Testing

/// The other process is Python, with memory that it has mapped itself.
@Suite("copy of another process's memory")
struct ProcessCopyTests {
  @Test(
    "checksums agree in both directions, without alignment on either side",
    arguments: [1, 4095, 4096, 4097, 65_537, 33_554_433])
  func sizes(_ size: Int) async throws {
    try await withRegion("\(size + 77)", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name, "\(size)")
    }
  }

  @Test(
    "checksums agree for 1 GiB",
    .enabled(if: Machine.has(gibibytes: 4), "needs 4 GiB of memory"))
  func large() async throws {
    try await withRegion("1G", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("a copy crosses adjacent mappings, and goes from process to process, file and stream")
  func borders() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("if the source unmaps memory, the number of copied bytes is exact")
  func unmapped() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("a process that ends during the copy is reported as died, with the copied bytes")
  func dies() async throws {
    try await withRegion("512M", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("an error about protected memory names the mapping")
  func protected() async throws {
    try await withRegion("16K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("an address past the end of a mapped file is reported as without a page")
  func pastFileEnd() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "a process of another user is refused with its owner",
    .enabled("needs root, setpriv and a binary that others may run") { try await Nobody.isUsable() }
  )
  func permission() async throws {
    let result = try await Nobody.shell(
      """
      printf hello > /tmp/shmtool-copy-$$
      "$NOBODY" copy $1@0x1000 file:/tmp/shmtool-copy-$$ --length 1
      echo $?
      "$NOBODY" copy file:/tmp/shmtool-copy-$$ $1@0x1000
      echo $?
      cat /tmp/shmtool-copy-$$
      rm /tmp/shmtool-copy-$$
      """, ["\(getpid())"])
    #expect(result.text == "77\n77\nhello")
    let sentence = "process \(getpid()) belongs to uid 0; "
    #expect(result.error.occurrences(of: sentence) == 2, "\(result.error)")
    #expect(result.error.contains("as root with CAP_SYS_PTRACE"))
  }

  @Test("a sandbox that refuses the call is reported as the cause", arguments: ["EPERM", "ENOSYS"])
  func sandbox(_ number: String) async throws {
    try await withRegion("4K") { (name) async throws in
      try await Python.test(named: name, number)
    }
  }

  @Test(
    "Yama is reported as the cause, with its setting",
    .enabled(if: Machine.hasYama, "needs root, setpriv and a kernel whose Yama restricts"))
  func yama() async throws {
    let result = try await Nobody.shell(
      "sleep 60 & \"$NOBODY\" copy $!@0x1000 - --length 1 | cat; echo ${PIPESTATUS[0]}; kill $!")
    #expect(result.text == "77\n")
    #expect(result.error.contains("kernel.yama.ptrace_scope is"))
  }
}
