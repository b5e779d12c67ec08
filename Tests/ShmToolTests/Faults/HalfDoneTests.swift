import Glibc
import ShmTestSupport
import Testing

@Suite("after an error")
struct HalfDoneTests {
  @Test(
    "what was changed is what was said, whichever call fails",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func injected() async throws {
    try await withName { (name) async throws in
      let runs = unsafe getenv("SHMTOOL_HALF_DONE_RUNS").map { unsafe String(cString: $0) }
      let script = "\(#filePath)".split(separator: "/").dropLast(3).joined(separator: "/")
      let result = try await Tool.run(
        "python3",
        ["/\(script)/HalfDone/half_done.py", Tool.path, name.name, runs ?? "30", "\(time(nil))"])
      #expect(result.code == 0, "\(result.text)\(result.error)")
    }
  }

  @Test(
    "CMD keeps what it was started with if waiting fails, and its status is passed on",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"),
    arguments: [
      ["poll:error=ENOMEM"], ["poll:error=EINVAL", "pidfd_open:error=ENOSYS"],
      ["pidfd_open:error=EMFILE"], ["poll:error=EINTR"],
      ["poll:error=ENOMEM", "rt_sigtimedwait:error=EAGAIN"],
    ])
  func waiting(_ injections: [String]) async throws {
    try await withRegion { (name) async throws in
      try await Python.checkFaults(
        """
        # Wired to the end: its parent is there when CMD ends, and has the lock.
        script = 'sleep 0.3; grep -q "VmLck:.* 64 kB" /proc/$PPID/status && exit 7'
        for words in (["wire", N, "-q"], ["map", N]):
            check = script if words[0] == "wire" else "sleep 0.1; exit 7"
            result = traced(sys.argv[2:], *words, "--", "sh", "-c", check)
            assert result.returncode == 7, (words, result)
        """, arguments: [name.name] + injections)
    }
  }

  @Test(
    "a command that cannot be set up is an error, and never a hang",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"),
    arguments: [
      ("dup2:error=EINTR", 71), ("dup2:error=EBADF", 71), ("fcntl:error=EINTR", 71),
      ("vfork:error=EAGAIN", 71), ("dup2:error=EINTR:when=1", 5), ("fcntl:error=EINTR:when=1", 5),
      ("wait4:error=ECHILD", 71),
    ])
  func spawning(_ injection: String, _ code: Int) async throws {
    try await withRegion { (name) async throws in
      try await Python.checkFaults(
        """
        result = traced(sys.argv[2], "map", N, "--", "sh", "-c", "exit 5")
        assert result.returncode == int(sys.argv[3]), result
        assert result.returncode == 5 or result.stderr.startswith(b"shmtool: cannot "), result
        """, arguments: [name.name, injection, "\(code)"])
    }
  }

  @Test("a report that cannot be written says what was done, and every operand is worked on")
  func unwritten() async throws {
    try await withRegion { (name) async throws in
      try await Python.checkFaults(
        """
        full = open("/dev/full", "w")
        def told(*words, **options):
            result = subprocess.run([T, *words], stdout=full, stderr=subprocess.PIPE, **options)
            assert result.returncode == 74, result
            return result.stderr.decode()
        for words, text in ((["resize", N, "100001"], "resized"), (["fill", N, "--zero"], "filled"),
                            (["write", N, "/etc/passwd"], "wrote"), (["remove", N], "removed")):
            error = told(*words, "--json")
            assert f"already done: {text} " in error and N in error, error
        assert not os.path.exists(P)
        file = os.memfd_create(N, os.MFD_ALLOW_SEALING)
        assert "already done: sealed" in told("seal", f"pid:{os.getpid()}:{file}", "grow", "--json")
        told("create", N, "4K", "--json")
        assert not os.path.exists(P)
        assert run("create", N, "4K", "-q").returncode == 0
        result = run("remove", N + "-none", N, N + "-too", "--json")
        report = json.loads(result.stdout)
        assert result.returncode == 66 and not os.path.exists(P), result
        assert [row["region"] for row in report["regions"]] == [N], report
        assert [(e["region"], e["exit_status"]) for e in report["errors"]] == [
            (N + "-none", 66), (N + "-too", 66)], report
        """, arguments: [name.name])
    }
  }

  @Test(
    "what the environment refuses to a copy or a fill is an error of its own, and no defect",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func environment() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.checkFaults(
        """
        with tempfile.TemporaryDirectory(dir="/var/tmp") as place:
            path = place + "/file"
            open(path, "wb").write(b"x" * 65536)
            for injection, limit, words, code, part in (
                    ("pread64:error=EFAULT:when=3+", path, ["copy", "file:" + path, "file:" + place + "/new"], 79, "buffer"),
                    ("pread64:error=EFAULT", P, ["copy", N, "file:" + place + "/new"], 79, "buffer"),
                    ("pread64:error=EFAULT", P, ["copy", N, "file:" + path, "--verify"], 79, "buffer"),
                    ("read:retval=0", "/dev/zero", ["fill", N, "--zero"], 74, "ended after 0 of")):
                result = traced(injection, *words, path=limit)
                told = result.stderr.decode()
                assert result.returncode == code and part in told, (injection, words, result)
                assert told.startswith("shmtool: cannot ") and "defect" not in told, told
                assert not os.path.exists(place + "/new"), words
        """, arguments: [name.name])
    }
  }

  @Test("create --wired keeps its region if CMD has run, and else takes it back")
  func wiredCommand() async throws {
    try await withName { (name) async throws in
      try await Python.checkFaults(
        """
        plain = "/dev/shm/" + N + "-plain"
        open(plain, "w").close()
        try:
            for command, code, stays in (("/none/such", 127, False), (plain, 126, False),
                                         ("false", 1, True)):
                result = run("create", N, "64K", "--wired", "-q", "--", command)
                assert (result.returncode, os.path.exists(P)) == (code, stays), result
                if stays: os.unlink(P)
        finally:
            os.unlink(plain)
        """, arguments: [name.name])
    }
  }

  @Test("a grow that fails takes nothing", .enabled(if: TestEnvironment.mayTrace, "needs strace"))
  func grow() async throws {
    try await withRegion("8192") { (name) async throws in
      try await Python.checkFaults(
        """
        for size in ("12289", "70001", "40M"):
            for injection in ("ftruncate:error=ENOMEM", "fallocate:error=ENOSPC:when=2"):
                result = traced(injection, "resize", N, size)
                if result.returncode == 0:
                    assert run("resize", N, "8192", "--shrink").returncode == 0
                assert (os.stat(P).st_size, allocated(P)) == (8192, 8192), (size, injection, result)
        """, arguments: [name.name])
    }
  }

  @Test("no limit on addresses ends a command by a signal")
  func addresses() async throws {
    try await withName { (name) async throws in
      try await Python.checkFaults(
        """
        import resource
        assert run("create", N, "1M", "-q").returncode == 0
        with tempfile.TemporaryDirectory(dir="/var/tmp") as place:
            path = place + "/file"
            open(path, "wb").write(os.urandom(1 << 20) + b"x")
            def limited(size, *words):
                return run(*words, preexec_fn=lambda: resource.setrlimit(
                    resource.RLIMIT_AS, (size, size)))
            floor = next(m for m in range(8, 800, 4) if limited(m << 20, "--version").returncode == 0)
            for more in (8, 12, 20, 32, 48, 80, 160):
                for words in (["copy", N, "file:" + path, "--direct"],
                              ["copy", "file:" + path, N, "--direct", "--length", "1M"],
                              ["create", N + "-d", "--from", path, "--direct"],
                              ["create", N + "-d", "--from", path], ["fill", N, "--random"],
                              ["verify", N, "--zero"], ["write", N, "/etc/passwd"],
                              ["copy", N, "file:" + path], ["inspect", N, "--json"], ["list", "--json"],
                              ["wire", N, "--", "true"]):
                    result = limited((floor + more) << 20, *words)
                    assert 0 <= result.returncode < 128 and result.returncode != 70, (
                        floor, more, words, result)
                    if os.path.exists(P + "-d"): os.unlink(P + "-d")
        """, arguments: [name.name], alone: true)
    }
  }

  @Test(
    "a list of many processes under a limit on addresses or data fails with 79, not by a signal"
  )
  func crowded() async throws {
    try await Python.checkFaults(
      String(decoding: PackageResources.crowded_py, as: UTF8.self), arguments: [TestName().name],
      alone: true)
  }

  @Test(
    "create --open refuses what another user may have planted, and names the owner of the rest",
    .enabled(if: TestEnvironment.isRoot, "needs root"))
  func planted() async throws {
    try await withRegion("4K") { (name) async throws in
      try await Python.checkFaults(
        """
        os.chown(P, 65534, 65534)
        result = run("create", N, "4K", "--open")
        assert result.returncode == 77 and b"belongs to uid 65534" in result.stderr, result
        directory = "/dev/shm/" + N + "-d"
        os.mkdir(directory)
        try:
            open(directory + "/x", "wb").write(bytes(4096))
            os.chown(directory + "/x", 65534, 65534)
            result = run("create", directory + "/x", "4K", "--open", "--json")
            assert json.loads(result.stdout)["owner_id"] == 65534, result
            result = run("create", directory + "/x", "4K", "--open")
            assert result.returncode == 0 and b"which belongs to " in result.stderr, result
        finally:
            os.unlink(directory + "/x")
            os.rmdir(directory)
        """, arguments: [name.name])
    }
  }
}
