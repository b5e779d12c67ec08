import ShmTestSupport
import Testing

@Suite("copy with wrong arguments")
struct CopyFaultTests {
  @Test(
    "wrong arguments are reported, with the exit status for their kind",
    arguments: [
      (["NAME", "NAME@512", "--length", "0"], 64, "--length must be at least 1 byte"),
      (["NAME", "NAME"], 65, "the two ranges overlap"),
      (["NAME", "NAME@1000", "--length", "1001"], 65, "the two ranges overlap"),
      (["NAME", "file:/dev/shm/NAME@1"], 65, "the two ranges overlap"),
      (["PID@0x1000", "PID@0x1fff", "--length", "4096"], 65, "the two ranges overlap"),
      (["NAME@4096", "-"], 65, "offset 4096 is beyond the end of 'NAME' (4096 bytes)"),
      (["NAME", "NAME@4096"], 65, "offset 4096 is beyond the end of 'NAME' (4096 bytes)"),
      (["NAME@9223372036854775807", "-"], 65, "is beyond the end of 'NAME' (4096 bytes)"),
      (
        ["NAME@1", "-", "--length", "4096"], 65,
        "'NAME@1' has 4095 bytes, but 4096 bytes were requested"
      ),
      (
        ["file:/dev/zero", "NAME@96", "--length", "4001"], 65,
        "has room for 4000 bytes, but 4001 bytes were requested"
      ),
      (["NAME", "-", "--verify"], 64, "--verify cannot be used with -"),
      (["-", "NAME", "--verify"], 64, "--verify cannot be used with -"),
      (["NAME"], 64, "to"),
      (["NAME", "-", "--length=-1"], 64, "expected a size such as"),
      (["NAME", "a/../b"], 64, "does not name a region"),
      (["PID@0x", "NAME"], 64, "expected the memory of a process as"),
      (["PID@0x10000000000000000", "NAME"], 64, "with an address of 64 bits"),
      (["0@0x1000", "NAME"], 64, "expected the memory of a process as"),
      (["PID@0x1000", "-"], 64, "neither end determines the number of bytes; give --length"),
      (["PID@0x1000", "file:/tmp/NAME"], 64, "neither end determines the number of bytes"),
      (["PID@0xffffffffffffffff", "NAME"], 64, "the range exceeds the 64-bit address space"),
      (["PID@0x1000", "NAME"], 74, "0x1000 of process PID is not mapped; the nearest mapping is"),
      (["NAME", "PID@0x1000"], 74, "0x1000 of process PID is not mapped; the nearest mapping is"),
      (["NAME-none", "-"], 66, "no such region"),
      (["NAME", "NAME-none"], 66, "no such region"),
      (["NAME@x", "-"], 66, "no such region"),
      (["file:/tmp/NAME-none", "NAME"], 66, "'/tmp/NAME-none': no such file or directory"),
      (["NAME", "file:/tmp/NAME-none/x"], 66, "no such file or directory"),
      (["4194304@0x1000", "NAME"], 66, "no such process"),
      (["file:/tmp", "NAME"], 65, "it is a directory"),
      (["NAME", "file:/tmp"], 65, "'/tmp': is a directory"),
      (
        ["NAME", "file:/dev/full"], 74,
        "no space left for the output; 0 of 4096 bytes were copied"
      ),
      (
        ["file:/dev/null", "NAME", "--length", "5"], 74,
        "ended too early; 0 of 5 bytes were copied"
      ),
      (["sysv:1", "-"], 64, "can only be listed, inspected and removed"),
    ] as [([String], Int, String)])
  func refused(_ words: [String], _ code: Int, _ sentence: String) async throws {
    try await withRegion("4096") { (name) async throws in
      try await Python.test(named: name, arguments: ["\(code)", sentence] + words)
    }
  }

  @Test(
    "a kernel thread is reported, because it has no memory",
    .enabled(
      if: Machine.showsKernelThreads, "needs root and a /proc that shows the kernel's threads"))
  func kernelThread() async throws {
    try await withRegion("4K") { (name) async throws in
      let result = try await Tool.run("copy", "2@0x1000", name.name)
      #expect(result.code == 66)
      #expect(
        result.error.contains("process 2 is a kernel thread without user memory"))
    }
  }

  @Test("refuses to disturb a terminal")
  func terminal() async throws {
    try await withRegion("5") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "a stream that is longer than the region or shorter than the length is reported")
  func streamLength() async throws {
    try await withRegion("8K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("a region that another process shrinks is reported, without a signal")
  func shrinks() async throws {
    try await withRegion("256M", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "after a failed system call the error names its reason and the copied bytes",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"),
    arguments: [
      "process_vm_readv:error=ENOMEM:when=3", "process_vm_readv:retval=0:when=3",
      "process_vm_readv:error=EPERM:when=3", "process_vm_readv:error=ESRCH:when=3",
      "process_vm_readv:error=EFAULT:when=3", "process_vm_readv:error=EINTR:when=3",
      "pidfd_open:error=ENOSYS", "pidfd_open:error=EMFILE",
      "madvise:error=EINVAL", "poll:error=EINTR:when=2",
    ])
  func injected(_ injection: String) async throws {
    try await withRegion("8M") { (name) async throws in
      try await Python.test(named: name, injection)
    }
  }
}
