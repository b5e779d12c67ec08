import Glibc
import ShmTestSupport
import Testing

@Suite("read")
struct ReadTests {
  @Test("copies the region to stdout, and nothing else", arguments: [1, 4095, 4096, 4097, 600_001])
  func whole(_ size: Int) async throws {
    try await withRegion("\(size)") { (name) async throws in
      try await Tool.run("fill", name.name, "--random", "-q")
      let result = try await Tool.run("read", name.name)
      #expect(result.code == 0)
      #expect(result.error.isEmpty)
      #expect(result.output.count == size)
      #expect(try await name.contents() == result.output)
    }
  }

  @Test(
    "copies the range that was asked for",
    arguments: [("0", "1"), ("1", "4095"), ("4095", "2"), ("1p", "1p"), ("65535", "1")])
  func range(_ offset: String, _ length: String) async throws {
    try await withRegion { (name) async throws in
      try await Tool.run("fill", name.name, "--random", "-q")
      let all = try await name.contents()
      let result = try await Tool.run("read", name.name, "--offset", offset, "--length", length)
      let start = offset == "1p" ? 4096 : Int(offset) ?? -1
      let count = length == "1p" ? 4096 : Int(length) ?? -1
      #expect(result.code == 0)
      #expect(result.output == Array(all[start..<start + count]))
      let rest = try await Tool.run("read", name.name, "--offset", offset)
      #expect(rest.output == Array(all[start...]))
    }
  }

  @Test("dumps in hexadecimal and text")
  func hex() async throws {
    try await withRegion("40") { (name) async throws in
      try await Tool.run("write", name.name, input: Array("hello, world\n\u{1B}[31m|".utf8))
      let result = try await Tool.run(
        "read", name.name, "--hex", "--offset", "1", "--length", "18")
      #expect(result.code == 0)
      #expect(
        result.text == """
          00000001  65 6c 6c 6f 2c 20 77 6f  72 6c 64 0a 1b 5b 33 31  |ello, world..[31|
          00000011  6d 7c                                             |m||
          00000013

          """)
    }
  }

  @Test("refuses to disturb a terminal with raw bytes, unless forced")
  func terminal() async throws {
    try await withRegion("5") { (name) async throws in
      try await Tool.run("write", name.name, input: Array("hello".utf8))
      try await Python.check(
        """
        import pty
        def read(*words):
            control, terminal = pty.openpty()
            result = subprocess.run(
                [T, "read", N, *words], stdin=subprocess.DEVNULL, stdout=terminal,
                stderr=subprocess.PIPE, timeout=60)
            # Open as long as there may be something: at its end the kernel may drop what is on its way.
            out = b""
            while select.select([control], [], [], 0.5)[0]:
                out += os.read(control, 1000)
            os.close(terminal)
            os.close(control)
            return result.returncode, out, result.stderr.decode()
        code, out, err = read()
        assert (code, out) == (64, b""), (code, out)
        assert "use --hex or --force" in err, err
        assert read("--force")[:2] == (0, b"hello")
        assert b"|hello|" in read("--hex")[1]
        """, name.name)
    }
  }

  @Test("reads a memfd of another process, and one that is sealed")
  func memoryFile() async throws {
    try await Python.check(
      """
      file = os.memfd_create("shmtool-test", os.MFD_ALLOW_SEALING)
      os.write(file, b"hello")
      fcntl.fcntl(file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL)
      result = run("read", f"pid:{os.getpid()}:{file}")
      assert (result.returncode, result.stdout, result.stderr) == (0, b"hello", b""), result
      """)
  }

  @Test("ends by SIGPIPE, as cat does, where nobody reads on")
  func brokenPipe() async throws {
    try await withRegion("4M") { (name) async throws in
      let result = try await Tool.shell(
        "\"$SHMTOOL\" read \(name) | head -c 1 >/dev/null; echo ${PIPESTATUS[0]}")
      #expect(result.text == "141\n")
      #expect(result.error.isEmpty)
    }
  }

  @Test("waits for a stdout that does not block", .timeLimit(.minutes(1)))
  func nonBlocking() async throws {
    try await withRegion("1M") { (name) async throws in
      try await Tool.run("fill", name.name, "--random", "-q")
      try await Python.check(
        """
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        process = subprocess.Popen(
            [T, "read", N], stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.PIPE)
        os.close(writer)
        time.sleep(0.1)
        out = b""
        while part := os.read(reader, 65536):
            out += part
        assert process.wait(30) == 0, process.stderr.read()
        assert out == open(P, "rb").read()
        """, name.name)
    }
  }

  @Test("says that there is no such region")
  func missing() async throws {
    let result = try await Tool.run("read", TestName().name)
    #expect(result.code == 66)
    #expect(result.output.isEmpty)
  }

  @Test("shows its progress on stderr when asked, and keeps stdout clean")
  func progress() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.check(
        """
        reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        run("resize", N, "1M")
        process = subprocess.Popen(
            [T, "read", N, "--progress"], stdin=subprocess.DEVNULL, stdout=writer,
            stderr=subprocess.PIPE)
        os.close(writer)
        out = b""
        for _ in range(12):
            out += os.read(reader, 65536)
            time.sleep(0.05)
        while part := os.read(reader, 65536):
            out += part
        err = process.stderr.read().decode()
        assert process.wait(30) == 0, err
        assert len(out) == 1 << 20
        assert " of 1 MiB  " in err and err.endswith("\\r\\x1b[K"), repr(err)
        """, name.name)
    }
  }
}
