import Glibc
import ShmTestSupport
import Testing

@Suite("wire, held in the foreground")
struct HoldTests {
  @Test("holds until a signal comes, unwires, and ends by that signal", arguments: [1, 2, 15])
  func signals(_ number: Int) async throws {
    try await withRegion("64K") { (name) async throws in
      try await Wiring.check(
        """
        process, text = holder(N)
        assert text == f"wired 64 KiB of '{N}' at offset 0, checked: 64 KiB resident\\n", text
        assert wired(process.pid) == 64 * K
        assert stop(process, int(sys.argv[2])) == (-int(sys.argv[2]), "", "")
        """, name.name, "\(number)")
    }
  }

  @Test("holds through a signal that its starter ignores")
  func ignored() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Wiring.check(
        """
        process, _ = holder(N, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        process.send_signal(signal.SIGHUP)
        time.sleep(0.1)
        assert wired(process.pid) == 64 * K
        assert stop(process)[0] == -15
        """, name.name)
    }
  }

  @Test("holds for a time")
  func duration() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Wiring.check(
        """
        begin = time.monotonic()
        result = run("wire", N, "--for", "300ms")
        assert (result.returncode, result.stdout) == (0, b""), result
        assert time.monotonic() - begin >= 0.3
        assert run("wire", N, "--for", "0").returncode == 0
        """, name.name)
    }
  }

  @Test("holds while a process runs, and not a moment where it is gone already")
  func whileProcess() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Wiring.check(
        """
        other = subprocess.Popen(["sleep", "60"])
        process, _ = holder(N, "--while-pid", str(other.pid))
        time.sleep(0.1)
        assert process.poll() is None and wired(process.pid) == 64 * K
        other.kill()
        # Dead, and not yet waited for: its number is taken, and it runs no more.
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out, err) == (0, b"", b""), (process.returncode, err)
        other.wait()
        for words in [[], ["--background"]]:
            refused(
                run("wire", N, "--while-pid", str(other.pid), *words), 66,
                f"cannot watch process {other.pid}: there is no such process")
        # Both terms: whichever comes first.
        assert run("wire", N, "--while-pid", str(os.getpid()), "--for", "50ms").returncode == 0
        """, name.name)
    }
  }

  @Test("tells a script and a service manager when it is ready, and not before")
  func readiness() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Wiring.check(
        """
        out, into = os.pipe()
        with tempfile.TemporaryDirectory() as place, \\
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(place + "/notify")
            manager.settimeout(30)
            process = start(
                "wire", N, "--ready-fd", str(into), pass_fds=[into],
                env=dict(os.environ, NOTIFY_SOCKET=place + "/notify"))
            os.close(into)
            with os.fdopen(out) as ready:
                # The line, and then the end: it has closed the descriptor.
                assert ready.read() == "ready\\n"
            assert wired(process.pid) == 64 * K
            assert manager.recv(100) == b"READY=1"
            assert stop(process)[0] == -15
        for words, code, part in [
            (["--ready-fd", "77"], 74, "descriptor 77"), (["--ready-fd", "x"], 64, "ready-fd")]:
            result = run("wire", N, *words)
            assert result.returncode == code and part in result.stderr.decode(), result
        result = run("wire", N, env=dict(os.environ, NOTIFY_SOCKET="/nowhere/notify"))
        assert result.returncode == 74 and b"service manager" in result.stderr, result
        """, name.name)
    }
  }

  @Test(
    "wires ranges, in whole pages, and says what was covered",
    arguments: [
      ("0:1", 0, 1), ("4095+2", 0, 2), ("4096+4096", 1, 1), ("4096:12289", 1, 3), ("60K:", 15, 1),
    ])
  func range(_ range: String, _ first: Int, _ pages: Int) async throws {
    try await withRegion("64K") { (name) async throws in
      try await Wiring.check(
        """
        first, pages = int(sys.argv[3]), int(sys.argv[4])
        process, text = holder(N, "--range", sys.argv[2], "--json")
        [row] = json.loads(text)["regions"]
        assert (row["offset"], row["bytes"]) == (first * PAGE, pages * PAGE), row
        assert (row["wired_bytes"], row["resident_bytes"]) == (pages * PAGE, pages * PAGE), row
        assert row["inherently_unswappable"] is False and row["failure"] is None, row
        assert wired(process.pid) == pages * PAGE
        [mapping] = mappings(process.pid, P)
        assert (mapping["offset"], mapping["bytes"]) == (first * PAGE, pages * PAGE), mapping
        assert stop(process)[0] == -15
        """, name.name, range, "\(first)", "\(pages)")
    }
  }

  @Test("takes several ranges of several regions, and offset and length")
  func several() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Wiring.check(
        """
        create(N + "-b", "64K")
        try:
            process, text = holder(
                N, N + "-b", "--range", "0+8K", "--range=32K:48K", "--json")
            told = json.loads(text)
            assert (told["holder"], told["on_fault"]) == (process.pid, False), told
            assert [(r["region"], r["offset"], r["wired_bytes"]) for r in told["regions"]] == [
                (name, *range) for name in (N, N + "-b") for range in [(0, 8 * K), (32 * K, 16 * K)]
            ], told
            assert wired(process.pid) == 48 * K
            assert stop(process)[0] == -15
            process, text = holder(N, "--offset", "16K", "--length", "1")
            assert text.startswith(f"wired 4 KiB of '{N}' at offset 16384, "), text
            assert wired(process.pid) == 4 * K
            assert stop(process)[0] == -15
            # The second cannot be had: the first is not held either.
            refused(run("wire", N, N + "-c"), 66, "there is no such region")
        finally:
            os.unlink(P + "-b")
        """, name.name)
    }
  }

  @Test(
    "refuses ranges that lie outside, are empty or are none",
    arguments: [
      "64K:", "0:65537", "64K+1", "1+65536", "4K:4K", "8K:4K", "0+0", "x", "4K", "-1:5", "+",
      "9223372036854775807+1", "0:9223372036854775808", "1T:2T",
    ])
  func badRange(_ range: String) async throws {
    try await withRegion("64K") { (name) async throws in
      let result = try await Tool.run("wire", name.name, "--range=\(range)", "--for", "0")
      #expect(result.code == 64)
      #expect(result.output.isEmpty)
      #expect(result.error.hasPrefix("shmtool: "))
    }
  }

  @Test(
    "refuses options that exclude each other",
    arguments: [
      [], ["--range", "0:1", "--offset", "1"], ["--range", "0:1", "--length", "1"],
      ["--background", "--ready-fd", "1"], ["--list", "--background"], ["--while-pid", "0"],
      ["--while-pid", "-5"], ["--length", "0"], ["--background", "--", "true"],
      ["--for", "1s", "--", "true"], ["--while-pid", "1", "--", "true"], ["--list", "--", "true"],
      ["--"],
    ])
  func usage(_ words: [String]) async throws {
    let operands = words.isEmpty ? [] : [TestName().name]
    let result = try await Tool.run(Tool.path, ["wire"] + operands + words)
    #expect(result.code == 64)
    #expect(result.output.isEmpty)
  }

  @Test(
    "stops a large wiring at once by Ctrl-C, with nothing kept",
    .enabled(if: TestEnvironment.isRoot, "needs root: past the memlock limit"), arguments: [2, 15])
  func interrupted(_ number: Int) async throws {
    try await withRegion("2G", ["--sparse"]) { (name) async throws in
      try await Wiring.check(
        """
        number = int(sys.argv[2])
        process = start("wire", N)
        until(lambda: wired(process.pid))
        begin = time.monotonic()
        code, out, err = stop(process, number)
        assert time.monotonic() - begin < 10
        assert (code, out) == (-number, ""), (code, out, err)
        assert err == f"shmtool: cannot wire 2 GiB of '{N}': it was stopped\\n", err
        """, name.name, "\(number)")
    }
  }
}
