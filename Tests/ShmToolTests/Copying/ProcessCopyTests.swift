import Glibc
import ShmTestSupport
import Testing

/// The other process is Python, with memory that it has mapped itself.
@Suite("copy of another process's memory")
struct ProcessCopyTests {
  @Test(
    "agrees by checksum both ways, aligned on neither side",
    arguments: [1, 4095, 4096, 4097, 65_537, 33_554_433])
  func sizes(_ size: Int) async throws {
    try await withRegion("\(size + 77)", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name, "\(size)")
    }
  }

  @Test(
    "agrees by checksum over 1 GiB",
    .enabled(if: Machine.has(gibibytes: 4), "needs 4 GiB of memory"))
  func large() async throws {
    try await withRegion("1G", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("goes across the borders of mappings, and from process to process, file and stream")
  func borders() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("that the source unmaps in the middle came exactly so far")
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

  @Test("into memory that may not be written, or out of what may not be read, names the mapping")
  func protected() async throws {
    try await withRegion("16K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("an address after the end of a mapped file is reported as without a page")
  func behindEnd() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "of another user is refused, and says whose it is",
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
