import ShmTestSupport
import Testing

@Suite(
  "copy --direct",
  .enabled(
    if: Machine.diskDirectory != nil, "needs a file system with O_DIRECT in /var/tmp or /tmp"))
struct DirectCopyTests {
  @Test(
    "moves every byte both ways, whatever the ends lie on",
    arguments: [
      (0, 0, 20_000_000), (0, 0, 1 << 25), (4096, 8192, 20_000_001), (4096 + 7, 7, 5_000_000),
      (0, 0, 1), (4095, 4095, 2), (1, 0, 20_000_001), (5, 9, 100), (512, 0, 4096), (0, 1, 4096),
      (0, 0, 4096), (100, 100, 3995), (100, 100, 3997), (12288 - 1, 4095, 4098),
    ])
  func ends(_ inFile: Int, _ inRegion: Int, _ length: Int) async throws {
    try await withRegion("34M", ["--sparse"]) { (name) async throws in
      try await Python.checkDirect(
        """
        inside, place, length = int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
        content = random(inside + length)
        write(content)
        report = json.loads(good(
            "copy", f"file:{F}@{inside}", f"{N}@{place}", "--direct", "--verify", "--json",
            "--length", str(length)).stdout)
        assert report["direct"]["into_pages"] == ((inside - place) % 4096 == 0), report
        assert report["direct"]["by"] == "threads" and report["equal"], report
        region = open(P, "rb").read()
        assert digest(region[place:place + length]) == digest(content[inside:])
        assert not any(region[:place]) and not any(region[place + length:place + length + 70000])
        # And back, between bytes that stay.
        write(b"x" * (inside + length + 50))
        good("copy", f"{N}@{place}", f"file:{F}@{inside}", "--direct", "--verify", "--length",
             str(length))
        back = open(F, "rb").read()
        assert back == b"x" * inside + content[inside:] + b"x" * 50
        # A file that there is not yet, and one that was longer, end where the copy does.
        if inside == 0:
            good("copy", f"{N}@{place}", f"file:{F}", "--direct", "--length", str(length))
            assert open(F, "rb").read() == content
            os.unlink(F)
            good("copy", f"{N}@{place}", f"file:{F}", "--direct", "--length", str(length))
            assert open(F, "rb").read() == content
        """, name.name, "\(inFile)", "\(inRegion)", "\(length)")
    }
  }

  @Test(
    "leaves the machine's cache of files as it was, and without it fills it",
    .enabled(if: Machine.hasCacheStatistics, "needs cachestat(2), Linux 6.5"))
  func cache() async throws {
    try await withRegion("32M") { (name) async throws in
      try await Python.checkDirect(
        """
        size = (32 << 20) - 77
        write(random(size))
        uncache()
        assert cached() == 0, cached()
        good("copy", f"file:{F}", N, "--direct")
        assert cached() == 0, cached()
        assert digest(open(P, "rb").read()[:size]) == digest(open(F, "rb").read())
        uncache()
        # A tail that fills no block as well.
        good("copy", N, f"file:{F}", "--direct", "--length", str(size))
        assert cached() == 0, cached()
        good("remove", N)
        good("create", N, "--from", F, "--direct")
        assert cached() == 0, cached()
        assert digest(open(P, "rb").read()) == digest(open(F, "rb").read())
        uncache()
        good("copy", f"file:{F}", N)
        assert cached() > 8000, cached()
        """, name.name)
    }
  }

  @Test("makes a region of a file, whole or not at all")
  func create() async throws {
    try await withName { (name) async throws in
      try await Python.checkDirect(
        """
        content = random(3_000_001)
        write(content)
        result = good("create", N, "4M", "--from", F, "--direct", "--json")
        report = json.loads(result.stdout)
        assert report["direct"] == {
            "by": "threads", "requests": 1, "request_size": 16 << 20, "block_size": 4096,
            "into_pages": True} or os.geteuid() != 0, report
        assert open(P, "rb").read() == content + bytes((4 << 20) - len(content))
        good("remove", N)
        bad(64, "create", N, "1M", "--from", F, "--direct")
        write(b"")
        report = bad(64, "create", N, "--from", F, "--direct")
        assert "the input is empty" in report.error, report.error
        bad(64, "create", N, "--from", "-", "--direct")
        bad(64, "create", N, "4K", "--direct")
        bad(66, "create", N, "--from", F + "-none", "--direct")
        bad(64, "create", N, "--from", "/dev/zero", "--direct")
        assert not os.path.exists(P)
        """, name.name)
    }
  }

  @Test("wires the pages that the device works on, so that the memlock limit counts")
  func limits() async throws {
    try await withRegion("8M", ["--mode", "666"]) { (name) async throws in
      try await Python.checkDirect(
        """
        import resource
        write(random(8 << 20))
        os.chmod(F, 0o644)
        def limited(size):
            def enter():
                resource.setrlimit(resource.RLIMIT_MEMLOCK, (size, size))
                # CAP_IPC_LOCK lifts the limit.
                libc.prctl(24, 14, 0, 0, 0)
                if os.geteuid() == 0:
                    os.setgroups([])
                    os.setgid(65534)
                    os.setuid(65534)
            return enter
        file = os.open(T, os.O_RDONLY)
        os.set_inheritable(file, True)
        def run_limited(size, *words):
            return subprocess.run([f"/proc/self/fd/{file}", *words], preexec_fn=limited(size),
                                  capture_output=True, close_fds=False)
        words = ["copy", f"file:{F}", N, "--direct", "--json"]
        result = run_limited(1 << 16, *words)
        assert result.returncode == 78, result
        assert b"cannot wire" in result.stderr and b"the memlock limit is 64 KiB" in result.stderr
        assert json.loads(result.stdout)["bytes"] == 0
        # With the limit that most systems have it takes smaller requests, and fewer with less.
        for size, requests in ((8 << 20, 4), (5 << 20, 2), (2 << 20, 1)):
            result = run_limited(size, *words)
            assert result.returncode == 0, result
            direct = json.loads(result.stdout)["direct"]
            assert (direct["requests"], direct["request_size"]) == (requests, 2 << 20), direct
        assert digest(open(P, "rb").read()) == digest(open(F, "rb").read())
        # Through a buffer nothing is wired.
        result = run_limited(1 << 16, "copy", f"file:{F}@1", N, "--direct")
        assert result.returncode == 0, result
        """, name.name)
    }
  }

  @Test("says where it cannot be had, and copies nothing then")
  func refused() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.checkDirect(
        """
        write(b"x" * 65536)
        for words, code, sentence in (
                ((f"file:{P}", N), 64, "the two ranges overlap"),
                ((N, "file:/dev/shm/" + N + "-out"), 71, "it lies on a tmpfs, in memory"),
                ((N, "-"), 64, "what is between a region and a file or a device"),
                (("file:/dev/zero", N, "--length", "5"), 64, "between a region and a file"),
                ((N, f"{os.getpid()}@0x1000"), 64, "between a region and a file or a device"),
                ((f"file:{F}", f"file:{F}.2"), 64, "between a region and a file or a device")):
            report = bad(code, "copy", *words, "--direct")
            assert sentence in report.error, report.error
            assert not os.path.exists(P + "-out") and not os.path.exists(F + ".2")
        assert open(P, "rb").read() == bytes(65536)
        """, name.name)
    }
  }

  @Test(
    "says what the kernel says, and how much is there for certain, whichever call fails",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"),
    arguments: [
      ("openat:error=EINVAL", 71, "its file system refuses O_DIRECT"),
      ("pread64:error=EIO:when=2", 74, "input/output error"),
      ("pread64:error=EINVAL:when=1+", 71, "its file system refuses O_DIRECT"),
      ("pread64:retval=0:when=1+", 74, "the file ends at byte 0"),
      ("pread64:error=EFAULT:when=1+", 74, "made it smaller"),
      ("pread64:error=EINTR:when=1", 0, ""), ("statx:error=ENOSYS", 0, ""),
    ])
  func injected(_ injection: String, _ code: Int, _ sentence: String) async throws {
    try await withRegion("80M") { (name) async throws in
      try await Python.checkDirect(
        """
        content = random(80 << 20)
        write(content)
        # Only calls that concern the file are looked at; it is opened for its size, then directly. They
        # are counted by threads, and one of four has a second of five requests.
        injection = sys.argv[3].replace("openat:error=EINVAL", "openat:error=EINVAL:when=2")
        result = sound(traced(injection, "copy", f"file:{F}", N, "--direct", "--json", path=F))
        assert result.returncode == int(sys.argv[4]), result
        assert sys.argv[5].encode() in result.stderr, result
        if result.stdout:
            report = json.loads(result.stdout)
            certain = report["bytes"]
            assert open(P, "rb").read()[:certain] == content[:certain], certain
            assert (certain == len(content)) == (result.returncode == 0), report
            assert result.returncode == 0 or f"{certain} of {len(content)} bytes" in report["error"]
        """, name.name, injection, "\(code)", sentence)
    }
  }
}
