import ShmTestSupport
import Testing

@Suite("copy with what is wrong")
struct CopyFaultTests {
  @Test(
    "says what, and ends with the code",
    arguments: [
      (["NAME", "NAME@512", "--length", "0"], 64, "--length 0 is an empty range"),
      (["NAME", "NAME"], 64, "the two ranges overlap"),
      (["NAME", "NAME@1000", "--length", "1001"], 64, "the two ranges overlap"),
      (["NAME", "file:/dev/shm/NAME@1"], 64, "the two ranges overlap"),
      (["PID@0x1000", "PID@0x1fff", "--length", "4096"], 64, "the two ranges overlap"),
      (["NAME@4096", "-"], 64, "byte 4096 of 'NAME' lies past its end at 4096"),
      (["NAME", "NAME@4096"], 64, "byte 4096 of 'NAME' lies past its end at 4096"),
      (["NAME@9223372036854775807", "-"], 64, "lies past its end at 4096"),
      (["NAME@1", "-", "--length", "4096"], 64, "'NAME@1' has 4095 bytes, and 4096 are wanted"),
      (["file:/dev/zero", "NAME@96", "--length", "4001"], 64, "has room for 4000 bytes, and 4001"),
      (["NAME", "-", "--verify"], 64, "--verify reads both ends again"),
      (["-", "NAME", "--verify"], 64, "--verify reads both ends again"),
      (["NAME"], 64, "to"),
      (["NAME", "-", "--length=-1"], 64, "a size is written"),
      (["NAME", "a/../b"], 64, "does not name a region"),
      (["PID@0x", "NAME"], 64, "a process's memory is written"),
      (["PID@0x10000000000000000", "NAME"], 64, "with an address of 64 bits"),
      (["0@0x1000", "NAME"], 64, "a process's memory is written"),
      (["PID@0x1000", "-"], 64, "neither end says how many bytes are meant; give --length"),
      (["PID@0x1000", "file:/tmp/NAME"], 64, "neither end says how many bytes are meant"),
      (["PID@0xffffffffffffffff", "NAME"], 64, "the range passes the end of all addresses"),
      (["PID@0x1000", "NAME"], 74, "0x1000 of process PID is not mapped; the nearest mapping is"),
      (["NAME", "PID@0x1000"], 74, "0x1000 of process PID is not mapped; the nearest mapping is"),
      (["NAME-none", "-"], 66, "there is no such region"),
      (["NAME", "NAME-none"], 66, "there is no such region"),
      (["NAME@x", "-"], 66, "there is no such region"),
      (["file:/tmp/NAME-none", "NAME"], 66, "'/tmp/NAME-none': no such file or directory"),
      (["NAME", "file:/tmp/NAME-none/x"], 66, "no such file or directory"),
      (["4194304@0x1000", "NAME"], 66, "there is no such process"),
      (["file:/tmp", "NAME"], 74, "it is a directory"),
      (["NAME", "file:/tmp"], 74, "'/tmp': is a directory"),
      (["NAME", "file:/dev/full"], 74, "no space is left there; 0 of 4096 bytes were copied"),
      (["file:/dev/null", "NAME", "--length", "5"], 74, "ended before; 0 of 5 bytes were copied"),
      (["sysv:1", "-"], 64, "can be inspected and listed only"),
    ] as [([String], Int, String)])
  func refused(_ words: [String], _ code: Int, _ sentence: String) async throws {
    try await withRegion("4096") { (name) async throws in
      try await Python.checkCopies(
        """
        words = [word.replace("NAME", N).replace("PID", str(os.getpid())) for word in sys.argv[4:]]
        sentence = sys.argv[3].replace("NAME", N).replace("PID", str(os.getpid()))
        report = bad(int(sys.argv[2]), "copy", *words)
        assert sentence in report.error, report.error
        assert report.stdout == b""
        assert open(P, "rb").read() == bytes(4096)
        assert not os.path.exists("/tmp/" + N)
        """, [name.name, "\(code)", sentence] + words)
    }
  }

  @Test(
    "tells a thread of the kernel, which has no memory",
    .enabled(
      if: Machine.showsKernelThreads, "needs root and a /proc that shows the kernel's threads"))
  func kernelThread() async throws {
    try await withRegion("4K") { (name) async throws in
      let result = try await Tool.run("copy", "2@0x1000", name.name)
      #expect(result.code == 66)
      #expect(
        result.error.contains("process 2 has no memory of its own: it is a thread of the kernel"))
    }
  }

  @Test("refuses to disturb a terminal")
  func terminal() async throws {
    try await withRegion("5") { (name) async throws in
      try await Python.checkCopies(
        """
        import pty
        control, terminal = pty.openpty()
        result = subprocess.run([T, "copy", N, "-"], stdin=subprocess.DEVNULL, stdout=terminal,
                                stderr=subprocess.PIPE)
        assert result.returncode == 64 and b"would disturb the terminal" in result.stderr, result
        assert not select.select([control], [], [], 0.1)[0]
        """, name.name)
    }
  }

  @Test(
    "says that a stream has more than the region, which holds its beginning, or less than wanted")
  func streamLength() async throws {
    try await withRegion("8K") { (name) async throws in
      try await Python.checkCopies(
        """
        report = bad(64, "copy", "-", N, input=b"a" * 8193)
        assert f"'{N}' has room for 8192 bytes, and '-' goes on behind" in report.error
        assert "8192 bytes were copied" in report.error, report.error
        assert open(P, "rb").read() == b"a" * 8192
        report = bad(74, "copy", "-", N, "--length", "100", input=b"b" * 99)
        assert "'-' ended before; 99 of 100 bytes were copied" in report.error, report.error
        good("copy", "-", N, "--length", "100", input=b"c" * 101)
        assert open(P, "rb").read()[:101] == b"c" * 100 + b"a"
        """, name.name)
    }
  }

  @Test("tells a region that another process makes smaller meanwhile, and is not killed")
  func shrinks() async throws {
    try await withRegion("256M", ["--sparse"]) { (name) async throws in
      try await Python.checkCopies(
        """
        for words in (["file:/dev/zero", N, "--length", "256M"], [N, "file:/dev/null"]):
            os.truncate(P, 1 << 28)
            process = start("copy", *words, "--json")
            time.sleep(0.05)
            os.truncate(P, 5000)
            out, error = process.communicate(timeout=60)
            # It may have been quicker, or later.
            assert process.returncode in (0, 64, 74), (process.returncode, error)
            if process.returncode == 74:
                report = json.loads(out)
                assert not report["complete"] and report["bytes"] < 1 << 28, report
                if words[1] == N:
                    assert report["bytes"] <= 5000, report
                    assert b"another process has made it smaller" in error, error
            assert os.path.getsize(P) == 5000
        """, name.name)
    }
  }

  @Test(
    "says what the kernel says, and how far it came, whichever call fails",
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
      try await Python.checkFaults(
        """
        memory = mmap.mmap(-1, 8 << 20)
        memory[:] = os.urandom(8 << 20)
        address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        words = ["copy", f"{os.getpid()}@{address:#x}", N, "--json"]
        result = sound(traced(sys.argv[2], *words))
        content = open(P, "rb").read()
        if result.returncode == 0:
            assert content == memory[:], "it said that it was done"
        elif result.stdout:
            report = json.loads(result.stdout)
            assert content[:report["bytes"]] == memory[:report["bytes"]], report
            if "when=3" in sys.argv[2]:
                assert report["bytes"] == 4 << 20, report
            assert content[report["bytes"]:] == bytes(len(content) - report["bytes"])
        """, arguments: [name.name, injection])
    }
  }
}
