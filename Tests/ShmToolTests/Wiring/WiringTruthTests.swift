import Glibc
import ShmTestSupport
import Testing

@Suite("wire, checked against the kernel's own figures")
struct WiringTruthTests {
  @Test(
    "locks exactly the pages that it says, by smaps",
    arguments: [("0:", 0, 1024), ("1M:2M", 256, 256), ("4095+2", 0, 2)])
  func smaps(_ range: String, _ first: Int, _ count: Int) async throws {
    try await withRegion("4M", ["--sparse"]) { (name) async throws in
      try await Wiring.check(
        """
        first, count = int(sys.argv[3]) * PAGE, int(sys.argv[4]) * PAGE
        process, text = holder(N, "--range", sys.argv[2], "--json")
        [row] = json.loads(text)["regions"]
        [mapping] = mappings(process.pid, P)
        assert (mapping["offset"], mapping["bytes"]) == (first, count), mapping
        # One sharer, so "Locked" is not a share.
        assert mapping["lo"] and mapping["Locked"] == mapping["Rss"] == count, mapping
        assert (row["wired_bytes"], row["resident_bytes"]) == (count, count), row
        assert wired(process.pid) == count and allocated(P) == count
        assert stop(process)[0] == -15
        """, name.name, range, "\(first)", "\(count)")
    }
  }

  @Test(
    "locks exactly those page frames, by kpageflags",
    .enabled(if: TestEnvironment.maySeeFrames, "needs root with CAP_SYS_ADMIN and kpageflags"))
  func frames() async throws {
    try await withRegion("256K") { (name) async throws in
      try await Wiring.check(
        """
        assert run("fill", N, "--byte", "1", "-q").returncode == 0
        with open(P, "r+b") as file:
            memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        own = ctypes.c_char.from_buffer(mmap.mmap(-1, 1))
        [mine] = mappings(os.getpid(), P)
        # The frames behind the pages, and of each whether it is mlocked (33) and unevictable (18).
        def flags():
            found = []
            for page in range(64):
                memory[page * PAGE]
                with open("/proc/self/pagemap", "rb", buffering=0) as file:
                    file.seek((mine["at"] // PAGE + page) * 8)
                    entry, = struct.unpack("Q", file.read(8))
                frame = entry & (1 << 55) - 1
                assert entry >> 63 and frame, hex(entry)
                with open("/proc/kpageflags", "rb", buffering=0) as file:
                    file.seek(frame * 8)
                    bits, = struct.unpack("Q", file.read(8))
                found.append((bits >> 33 & 1, bits >> 18 & 1))
            return found
        assert flags() == [(0, 0)] * 64, flags()
        process, _ = holder(N, "--range", "8K+4K", "--range", "100000+1", "--range", "252K:")
        line(process.stderr), line(process.stderr)
        locked = {2, 100000 // PAGE, 63}
        # A page comes to the list of the unevictable by and by.
        until(lambda: flags() == [(int(p in locked),) * 2 for p in range(64)])
        assert stop(process)[0] == -15
        until(lambda: flags() == [(0, 0)] * 64)
        """, name.name)
    }
  }

  @Test("stays wired by one where another ends, and counts each holder")
  func two() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Wiring.check(
        """
        first, _ = holder(N)
        second, _ = holder(N, "--range", "0:32K")
        told = json.loads(run("wire", "--list", N, "--json").stdout)["holders"]
        sizes = {row["pid"]: row["wired_bytes"] for row in told}
        assert sizes == {first.pid: 64 * K, second.pid: 32 * K}, told
        assert stop(first)[0] == -15
        [mapping] = mappings(second.pid, P)
        assert mapping["lo"] and mapping["Rss"] == 32 * K, mapping
        told = json.loads(run("wire", "--list", N, "--json").stdout)["holders"]
        assert [row["wired_bytes"] for row in told] == [32 * K], told
        assert stop(second)[0] == -15
        assert not json.loads(run("wire", "--list", N, "--json").stdout)["holders"]
        """, name.name)
    }
  }

  @Test("wires what may only be read, and a memfd through its process")
  func others() async throws {
    try await withRegion("64K", ["--mode", "444"]) { (name) async throws in
      try await Wiring.check(
        """
        process, text = holder(N)
        assert wired(process.pid) == 64 * K, text
        assert stop(process)[0] == -15
        file = os.memfd_create("shmtool-test")
        os.ftruncate(file, 64 * K)
        process, text = holder(f"pid:{os.getpid()}:{file}")
        assert "checked: 64 KiB resident" in text, text
        assert wired(process.pid) == 64 * K == os.fstat(file).st_blocks * 512
        assert stop(process)[0] == -15
        """, name.name)
    }
  }

  @Test(
    "does not call wired what mlock accepted and is not resident",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func lie() async throws {
    try await withRegion("64K", ["--sparse"]) { (name) async throws in
      try await Wiring.check(
        """
        result = subprocess.run(
            ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=mlock:retval=0", T, "wire", N],
            capture_output=True, timeout=60)
        refused(
            result, 79, f"cannot wire 64 KiB of '{N}': the kernel said yes, and yet only 0 B is "
            "in RAM, or not all of it is locked")
        # Resident, and not locked: that is not wired either.
        assert run("fill", N, "--zero", "-q").returncode == 0
        result = subprocess.run(
            ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=mlock:retval=0", T, "wire", N],
            capture_output=True, timeout=60)
        refused(result, 79, "the kernel said yes, and yet only 64 KiB is in RAM, or not")
        """, name.name)
    }
  }
}
