import Glibc
import ShmTestSupport
import Testing

@Suite(
  "figures about a control group", .serialized,
  .enabled(if: TestEnvironment.mayMakeMemoryGroups, "needs root and a memory cgroup"))
struct GroupFigureTests {
  @Test("page tables of a resident region are counted before they are charged")
  func tables() async throws {
    try await withRegion("2G") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("page tables of many ranges are counted, one table for each")
  func ranges() async throws {
    try await withRegion("4G", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "the limit that a refusal advises is enough",
    arguments: ["create", "create_wired", "wire", "map", "fill", "need", "room"])
  func advised(_ kind: String) async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, kind)
    }
  }

  @Test("several commands that create at once are refused, and not killed")
  func atOnce() async throws {
    try await withName { (name) async throws in
      try await Wiring.check(
        """
        for count, size in ((2, 40), (4, 28), (6, 20)):
            with Group(64 * M) as group:
                names = [f"{N}-{i}" for i in range(count)]
                try:
                    all = [start("create", name, f"{size}M", "-q", preexec_fn=group.enter()) for name in names]
                    codes = [process.wait(60) for process in all]
                    assert set(codes) <= {0, 79}, (size, codes)
                    for name, code in zip(names, codes):
                        assert os.path.exists("/dev/shm/" + name) == (code == 0), (name, code)
                finally:
                    for name in names:
                        if os.path.exists("/dev/shm/" + name):
                            os.unlink("/dev/shm/" + name)
        """, name.name)
    }
  }

  @Test("copy does not fill the memory of a process past the limit of its control group")
  func otherProcess() async throws {
    try await withRegion("40M") { (name) async throws in
      try await Wiring.check(
        """
        assert run("fill", N, "--byte", "5").returncode == 0
        script = ("import ctypes, mmap, sys, time; m = mmap.mmap(-1, 40 << 20, flags=34)\\n"
                  "for i in range(0, int(sys.argv[1]) << 20, 4096): m[i] = 1\\n"
                  "print(ctypes.addressof(ctypes.c_char.from_buffer(m)), flush=True); time.sleep(60)")
        for limit, touched, length, code in ((32, 0, "40M", 79), (64, 0, "40M", 0), (32, 16, "20M", 0),
                                             (32, 16, "40M", 79), (32, 20, "16M", 0)):
            with Group(limit * M) as group:
                other = subprocess.Popen([sys.executable, "-c", script, str(touched)], preexec_fn=group.enter(),
                                         stdout=subprocess.PIPE)
                try:
                    place = f"{other.pid}@{hex(int(other.stdout.readline()))}"
                    result = run("copy", N, place, "--length", length)
                    assert result.returncode == code and other.poll() is None, (limit, result, other.poll())
                    if code:
                        assert f"{group.path} leaves ".encode() in result.stderr, result
                finally:
                    other.kill()
                    other.wait()
        """, name.name)
    }
  }

  @Test("what --best-effort left out names the group, and not the machine's memory")
  func bestEffort() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
