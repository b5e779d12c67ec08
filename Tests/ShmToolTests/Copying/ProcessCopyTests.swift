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
      try await Python.checkCopies(
        """
        size = int(sys.argv[2])
        memory, address = anonymous(size + 5000)
        memory[:] = random(size + 5000)
        good("copy", place(address + 13), N + "@77", "--length", str(size), "--verify")
        assert digest(open(P, "rb").read()[77:]) == digest(memory[13:13 + size])
        before = digest(memory[:4000]), digest(memory[4001 + size:])
        open(P, "r+b").write(random(77))
        good("copy", N + "@1", place(address + 4001), "--length", str(size), "--verify")
        assert digest(memory[4001:4001 + size]) == digest(open(P, "rb").read()[1:1 + size])
        assert before == (digest(memory[:4000]), digest(memory[4001 + size:]))
        """, name.name, "\(size)")
    }
  }

  @Test(
    "agrees by checksum over 1 GiB",
    .enabled(if: Machine.has(gibibytes: 4), "needs 4 GiB of memory"))
  func large() async throws {
    try await withRegion("1G", ["--sparse"]) { (name) async throws in
      try await Python.checkCopies(
        """
        memory, address = anonymous(1 << 30)
        part = random(1 << 24)
        for start in range(0, 1 << 30, 1 << 24):
            memory[start:start + (1 << 24)] = part
            memory[start + 5] = start >> 24
        report = json.loads(good("copy", place(address), N, "--json").stdout)
        assert report["bytes"] == report["length"] == 1 << 30 and report["complete"], report
        with open(P, "rb") as file:
            for start in range(0, 1 << 30, 1 << 24):
                assert file.read(1 << 24) == memory[start:start + (1 << 24)], start
        """, name.name)
    }
  }

  @Test("goes across the borders of mappings, and from process to process, file and stream")
  func borders() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.checkCopies(
        """
        memory, address = anonymous(65536)
        memory[:] = random(65536)
        # Every other page for loads only: 16 mappings.
        for page in range(0, 65536, 2 * mmap.PAGESIZE):
            assert libc.mprotect(ctypes.c_void_p(address + page), mmap.PAGESIZE, 1) == 0
        good("copy", place(address), N, "--verify")
        assert open(P, "rb").read() == memory[:]
        other, target = anonymous(70000)
        good("copy", place(address + 3), place(target + 9), "--length", "60001", "--verify")
        assert other[9:60010] == memory[3:60004]
        out = good("copy", place(address), "-", "--length", "64K", "--quiet")
        assert out.stdout == memory[:] and out.stderr == b"", out.stderr
        good("copy", "-", place(target + 1), input=b"hello")
        assert other[1:6] == b"hello"
        with tempfile.TemporaryDirectory() as directory:
            good("copy", place(address + 1), f"file:{directory}/a", "--length", "50000", "--verify")
            assert open(f"{directory}/a", "rb").read() == memory[1:50001]
            good("copy", f"file:{directory}/a@7", place(target), "--verify")
            assert other[:49993] == memory[8:50001]
        """, name.name)
    }
  }

  @Test("that the source unmaps in the middle came exactly so far")
  func unmapped() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.checkCopies(
        """
        memory, address = anonymous(65536)
        memory[:] = random(65536)
        content = memory[:]
        hole = address + 8 * mmap.PAGESIZE
        assert libc.munmap(ctypes.c_void_p(hole), mmap.PAGESIZE) == 0
        for skip in (0, 1, 4095):
            come = 8 * mmap.PAGESIZE - skip
            report = bad(74, "copy", place(address + skip), N, "--length", "60000", "--json")
            assert f"{hole:#x} of process {os.getpid()} is not mapped" in report.error, report.error
            assert "which ends 0 bytes before" in report.error, report.error
            assert f"{come} of 60000 bytes were copied" in report.error, report.error
            told = json.loads(report.stdout)
            assert (told["bytes"], told["complete"]) == (come, False), told
            assert told["error"] in report.error
            assert open(P, "rb").read()[:come] == content[skip:8 * mmap.PAGESIZE]
            # And what lies behind is as it was.
            assert open(P, "rb").read()[come:] == bytes(65536 - come)
            open(P, "r+b").write(bytes(65536))
        report = bad(74, "copy", N, place(address + 5), "--length", "60000")
        assert f"{8 * mmap.PAGESIZE - 5} of 60000 bytes were copied" in report.error, report.error
        out = bad(74, "copy", place(address), "-", "--length", "64K")
        assert out.stdout == memory[:8 * mmap.PAGESIZE]
        """, name.name)
    }
  }

  @Test("that ends in the middle of it is told as the peer's death, with what has come")
  func dies() async throws {
    try await withRegion("512M", ["--sparse"]) { (name) async throws in
      try await Python.checkCopies(
        """
        import textwrap
        code = '''
        import ctypes, mmap, sys
        m = mmap.mmap(-1, 1 << 29)
        for page in range(0, 1 << 29, 4096): m[page] = 7
        print(ctypes.addressof(ctypes.c_char.from_buffer(m)), flush=True)
        sys.stdin.read()
        '''
        child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        address = int(child.stdout.readline())
        process = start("copy", f"{child.pid}@{address:#x}", N, "--json")
        until(lambda: allocated(P) > 1 << 22 or process.poll() is not None)
        child.kill()
        child.wait()
        out, error = process.communicate(timeout=60)
        report = json.loads(out)
        # It may have been quicker.
        if process.returncode != 0:
            assert process.returncode == 69, (process.returncode, error)
            assert f"process {child.pid} has ended".encode() in error, error
            assert 0 < report["bytes"] < 1 << 29 and not report["complete"], report
            with open(P, "rb") as file:
                content = file.read(report["bytes"])
            assert content[::4096] == bytes([7]) * len(content[::4096])
        late = bad(66, "copy", f"{child.pid}@{address:#x}", N)
        assert "there is no such process" in late.error, late.error
        """, name.name)
    }
  }

  @Test("into memory that may not be written, or out of what may not be read, names the mapping")
  func protected() async throws {
    try await withRegion("16K") { (name) async throws in
      try await Python.checkCopies(
        """
        memory, address = anonymous(16384)
        end = address + 4096
        assert libc.mprotect(ctypes.c_void_p(end), 4096, 1) == 0
        report = bad(77, "copy", N, place(address + 1))
        assert "4095 of 16384 bytes were copied" in report.error, report.error
        assert f"{end:#x} of process {os.getpid()} lies in {end:#x}-" in report.error, report.error
        assert "which may not be written" in report.error, report.error
        assert libc.mprotect(ctypes.c_void_p(end), 4096, 0) == 0
        report = bad(77, "copy", place(address), N)
        assert "which may not be read" in report.error, report.error
        assert "4096 of 16384 bytes were copied" in report.error, report.error
        """, name.name)
    }
  }

  @Test("behind the end of a file that it has mapped says that there is no page")
  func behindEnd() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.checkCopies(
        """
        with tempfile.TemporaryFile() as file:
            file.write(b"x" * 16384)
            file.flush()
            memory = mmap.mmap(file.fileno(), 16384)
            address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
            os.ftruncate(file.fileno(), 4096)
            report = bad(74, "copy", place(address), N, "--length", "16K")
        assert "has no page there: a file ends before" in report.error, report.error
        assert "4096 of 16384 bytes were copied" in report.error, report.error
        """, name.name)
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

  @Test("in a sandbox that refuses the call is told as that", arguments: ["EPERM", "ENOSYS"])
  func sandbox(_ number: String) async throws {
    try await withRegion("4K") { (name) async throws in
      try await Python.checkFaults(
        """
        enter = refuse(getattr(errno, sys.argv[2]), "process_vm_readv", "process_vm_writev")
        memory = mmap.mmap(-1, 4096)
        address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        for words in ([f"{os.getpid()}@{address:#x}", f"file:{P}"],
                      [f"file:{P}", f"{os.getpid()}@{address:#x}"]):
            result = run("copy", *words, "--length", "5", preexec_fn=enter)
            assert result.returncode == 77, result
            assert b"a sandbox refuses" in result.stderr and b"--cap-add" in result.stderr, result
        assert os.path.getsize(P) == 4096
        """, arguments: [name.name, number])
    }
  }

  @Test(
    "that Yama restricts is told with the setting",
    .enabled(if: Machine.hasYama, "needs root, setpriv and a kernel whose Yama restricts"))
  func yama() async throws {
    let result = try await Nobody.shell(
      "sleep 60 & \"$NOBODY\" copy $!@0x1000 - --length 1 | cat; echo ${PIPESTATUS[0]}; kill $!")
    #expect(result.text == "77\n")
    #expect(result.error.contains("kernel.yama.ptrace_scope is"))
  }
}
