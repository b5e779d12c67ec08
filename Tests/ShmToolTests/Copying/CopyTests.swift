import ShmTestSupport
import Testing

@Suite("copy")
struct CopyTests {
  @Test(
    "moves every byte between regions, files and streams, at any offset",
    arguments: [1, 4095, 4096, 4097, 300_001, 5_000_003])
  func ends(_ size: Int) async throws {
    try await withRegion("\(size + 9)") { (name) async throws in
      try await Python.checkCopies(
        """
        size = int(sys.argv[2])
        content = random(size)
        with tempfile.TemporaryDirectory() as directory:
            file, other = directory + "/in", directory + "/out"
            open(file, "wb").write(content)
            def region(): return open(P, "rb").read()
            def clear(): open(P, "r+b").write(bytes(size + 9))
            good("copy", f"file:{file}", N + "@9", "--verify")
            assert region() == bytes(9) + content
            clear()
            good("copy", "-", N + "@3", input=content[:60000])
            assert region()[3:3 + size][:60000] == content[:60000]
            clear()
            good("copy", "-", N, stdin=open(file, "rb"))
            assert region() == content + bytes(9)
            good("copy", N, f"file:{other}", "--verify", "--length", str(size))
            assert open(other, "rb").read() == content
            assert good("copy", N + "@1", "-", "-q").stdout == content[1:] + bytes(9)
            # A region into another, and into another part of itself.
            good("create", N + "-other", str(size + 100))
            try:
                good("copy", N, N + "-other@91", "--verify")
                copied = open(P + "-other", "rb").read()
                assert copied == bytes(91) + content + bytes(9)
                half = size // 2
                if half:
                    good("copy", N, f"{N}@{size - half}", "--length", str(half), "--verify")
                    assert region() == content[:size - half] + content[:half] + bytes(9)
            finally:
                os.unlink(P + "-other")
            # A file without an offset ends where the copy does; with one, what lies around stays.
            open(other, "wb").write(b"x" * (size + 50))
            good("copy", f"file:{file}", f"file:{other}@0")
            assert open(other, "rb").read() == content + b"x" * 50
            good("copy", f"file:{file}", f"file:{other}@7")
            assert open(other, "rb").read() == (content + b"x" * 50)[:7] + content + b"x" * 43
            good("copy", f"file:{file}", f"file:{other}")
            assert open(other, "rb").read() == content
            assert good("copy", f"file:{file}", "-", "-q").stdout == content
            good("copy", f"file:{file}", f"file:{other}@100", "--length", "1")
            assert os.path.getsize(other) == max(size, 101)
        """, name.name, "\(size)")
    }
  }

  @Test("tells what it did on stderr, or as JSON, which goes there too where stdout has the bytes")
  func report() async throws {
    try await withRegion("64K") { (name) async throws in
      try await withRegion("64K") { (other) async throws in
        try await Tool.run("fill", name.name, "--random", "-q")
        let told = try await Tool.run("copy", name.name, other.name + "@4K", "--length", "8K")
        #expect(told.code == 0 && told.output.isEmpty)
        #expect(told.error.hasPrefix("copied 8 KiB from '\(name)' to '\(other)@4096', in "))
        let checked = try await Tool.run("copy", name.name, other.name, "--verify")
        #expect(checked.error.contains("', verified, in "))
        let quiet = try await Tool.run("copy", name.name, other.name, "-q")
        #expect(quiet.error.isEmpty && quiet.output.isEmpty)
        let json = try await Tool.run("copy", name.name, other.name, "--json", "--verify")
        #expect(json.error.isEmpty)
        #expect(
          try await Python.evaluate(
            """
            (d["action"], d["from"], d["to"], d["bytes"], d["length"], d["complete"], d["error"],
             d["equal"], d["first_difference"], d["differing_bytes"], d["seconds"] > 0,
             d["bytes_per_second"] > 0)
            """, in: json.output)
              == """
              ('copy', '\(name)', '\(other)', 65536, 65536, True, None, True, None, 0, True, True)
              """)
        let out = try await Tool.run("copy", name.name, "-", "--json")
        #expect(out.output.count == 65536)
        #expect(
          try await Python.evaluate("d['bytes'], d['equal']", in: Array(out.error.utf8))
            == "(65536, None)")
        // A line is drawn of what takes long, and taken away again.
        let shown = try await Tool.run("copy", name.name, other.name, "--progress", "-q")
        #expect(shown.code == 0)
        #expect(shown.error.isEmpty || shown.error.hasSuffix("\r\u{1B}[K"))
      }
    }
  }

  @Test("reads a sparse region without giving it memory, and a sealed memfd")
  func sparse() async throws {
    try await withRegion("64K", ["--sparse"]) { (name) async throws in
      try await Python.checkCopies(
        """
        assert good("copy", N, "-", "-q").stdout == bytes(65536)
        memory, address = anonymous(65536)
        memory[:] = b"x" * 65536
        good("copy", N, place(address), "--verify")
        assert memory[:] == bytes(65536)
        assert allocated(P) == 0
        file = os.memfd_create("shmtool-test", os.MFD_ALLOW_SEALING)
        os.write(file, b"hello")
        fcntl.fcntl(file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE)
        assert good("copy", f"pid:{os.getpid()}:{file}@1", "-", "-q").stdout == b"ello"
        report = bad(77, "copy", N, f"pid:{os.getpid()}:{file}", "--length", "5")
        assert "it was opened for less" in report.error or "seal" in report.error, report.error
        """, name.name)
    }
  }

  @Test("takes files that do not say their size, devices, FIFOs, and names with an @")
  func oddEnds() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.checkCopies(
        """
        good("copy", "file:/dev/zero", N, "--length", "60000")
        good("copy", f"file:/proc/{os.getpid()}/cmdline", N)
        assert open(P, "rb").read().startswith(sys.executable.encode())
        good("copy", N, "file:/dev/null")
        with tempfile.TemporaryDirectory() as directory:
            fifo = directory + "/fifo"
            os.mkfifo(fifo)
            reader = subprocess.Popen(["cat", fifo], stdout=subprocess.PIPE)
            good("copy", N, f"file:{fifo}", "--length", "5000")
            assert reader.communicate()[0] == open(P, "rb").read()[:5000]
            report = bad(64, "copy", "file:/dev/null@5", N)
            assert "gives its bytes in order, and has no offsets" in report.error, report.error
            odd = directory + "/a@5"
            open(odd, "wb").write(b"hello")
            assert good("copy", f"file:{odd}@0", "-", "-q").stdout == b"hello"
            assert good("copy", f"file:{odd}@4", "-", "-q").stdout == b"o"
            open(directory + "/a@x", "wb").write(b"there")
            assert good("copy", f"file:{directory}/a@x", "-", "-q").stdout == b"there"
            good("copy", "-", f"file:{directory}/empty", input=b"")
            assert os.path.getsize(directory + "/empty") == 0
        """, name.name)
    }
  }

  @Test("that is verified and found changed ends with 1 and says where")
  func verify() async throws {
    try await withRegion("4M") { (name) async throws in
      try await Python.checkCopies(
        """
        # Somebody writes one byte into the copy all the time.
        memory, address = anonymous(4 << 20)
        child = os.fork()
        if child == 0:
            file = os.open(P, os.O_RDWR)
            while True:
                os.pwrite(file, b"x", 1000)
        results = []
        def found():
            results.append(run("copy", place(address), N, "--verify", "--json"))
            return results[-1].returncode != 0
        try:
            # It may not get a processor between a copy and its verification.
            until(found)
        finally:
            os.kill(child, 9)
            os.waitpid(child, 0)
        report = json.loads(results[-1].stdout)
        assert results[-1].returncode == 1, results[-1]
        assert (report["equal"], report["first_difference"], report["differing_bytes"]) == (
            False, 1000, 1), report
        assert report["complete"] and report["error"] is None, report
        # One that gives its bytes once is not read a second time.
        with tempfile.TemporaryDirectory() as directory:
            os.mkfifo(directory + "/fifo")
            writer = subprocess.Popen(["sh", "-c", 'printf hello > "$0"', directory + "/fifo"])
            report = bad(64, "copy", f"file:{directory}/fifo", N, "--verify")
            assert "gives its bytes once" in report.error, report.error
            writer.kill()
            writer.wait()
        """, name.name)
    }
  }
}
