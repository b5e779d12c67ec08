import ShmTestSupport
import Testing

/// A region is a plain POSIX object: other programs make, read and change what shmtool made, and the
/// reverse.
@Suite("other programs and regions")
struct InteroperationTests {
  /// Without Python's tracker, which would remove what another made.
  private static let memory = """
    from multiprocessing import resource_tracker, shared_memory
    resource_tracker.register = lambda *_: None
    resource_tracker.unregister = lambda *_: None

    """

  @Test("Python's shared memory opens what shmtool made, and each sees what the other writes")
  func theirsOfOurs() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.check(
        Self.memory + """
          assert run("fill", N, "--sequence", "-q").returncode == 0
          block = shared_memory.SharedMemory(N)
          assert block.size == 65536
          assert bytes(block.buf[4096:4104]) == (4096).to_bytes(8, "little")
          block.buf[10:15] = b"hello"
          assert run("read", N, "--offset", "10", "--length", "5").stdout == b"hello"
          result = run("verify", N, "--sequence")
          assert result.returncode == 1 and b"first at offset 10, 5 of" in result.stderr + result.stdout
          assert run("write", N, "--offset", "65530", input=b"tail!!").returncode == 0
          assert bytes(block.buf[65530:]) == b"tail!!"
          use = json.loads(run("inspect", N, "--json").stdout)["regions"][0]
          assert os.getpid() in [user["pid"] for user in use["users"]], use
          assert run("remove", N, "--unused").returncode == 75
          block.close()
          assert run("remove", N, "--unused").returncode == 0
          """, name.name)
    }
  }

  @Test("shmtool opens what Python's shared memory made, and either removes it")
  func oursOfTheirs() async throws {
    try await withName { (name) async throws in
      try await Python.check(
        Self.memory + """
          for ours in (True, False):
              block = shared_memory.SharedMemory(N, create=True, size=100_000)
              block.buf[:3] = b"abc"
              assert run("read", N, "--length", "3").stdout == b"abc"
              assert run("create", N, "4K").returncode == 73
              assert run("fill", N, "--random", "--seed", "9", "-q").returncode == 0
              assert run("verify", N, "--random", "--seed", "9", "-q").returncode == 0
              status = json.loads(run("inspect", N, "--json").stdout)["regions"][0]
              assert (status["size"], status["mode"]) == (100_000, "0600"), status
              assert run("resize", N, "200000", "-q").returncode == 0
              again = shared_memory.SharedMemory(N)
              assert again.size == 200_000 and bytes(again.buf[150_000:]) == bytes(50_000)
              again.close()
              block.close()
              if ours:
                  assert run("remove", N, "-q").returncode == 0
              else:
                  block.unlink()
              assert not os.path.exists(P)
              assert run("inspect", N).returncode == 66
          """, name.name)
    }
  }

  @Test("a plain mmap of the object sees changes at once, also of what it maps privately")
  func mapped() async throws {
    try await withRegion("8K") { (name) async throws in
      try await Python.check(
        """
        with open(P, "r+b") as file:
            shared = mmap.mmap(file.fileno(), 0)
            private = mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE)
        assert run("write", N, input=b"one").returncode == 0
        assert (shared[:3], private[:3]) == (b"one", b"one")
        private[:3] = b"own"
        assert run("write", N, input=b"two").returncode == 0
        assert (shared[:3], private[:3]) == (b"two", b"own")
        shared[4096:4100] = b"last"
        assert run("wait", N, "--at", "4096", "--equals", "last", "--timeout", "5s").returncode == 0
        """, name.name)
    }
  }

  @Test("a waiting shmtool sees what another program stores")
  func waited() async throws {
    try await withRegion("8K") { (name) async throws in
      try await Python.check(
        """
        process = start("wait", N, "--at", "4090", "--equals", "across pages", "--timeout", "30s")
        with open(P, "r+b") as file:
            memory = mmap.mmap(file.fileno(), 0)
        time.sleep(0.1)
        assert process.poll() is None
        memory[4090:4102] = b"across pages"
        assert process.wait(30) == 0
        """, name.name)
    }
  }

  @Test("dd, cat and cp read and write it as the file that it is")
  func files() async throws {
    try await withRegion("1M") { (name) async throws in
      let result = try await Tool.shell(
        """
        set -e
        "$SHMTOOL" fill \(name) --random --seed 4 -q
        cat \(name.path) | cmp - \(name.path)
        cp \(name.path) \(name.path)-copy
        "$SHMTOOL" verify \(name)-copy --random --seed 4 -q
        dd if=/dev/zero of=\(name.path) bs=4096 count=1 conv=notrunc status=none
        "$SHMTOOL" verify \(name) --zero --length 4K -q
        "$SHMTOOL" verify \(name) --random --seed 4 --offset 4K -q
        "$SHMTOOL" verify \(name)-copy --file \(name.path) -q && exit 9 || test $? = 1
        "$SHMTOOL" rm -q \(name)-copy
        """)
      #expect(result.code == 0, "\(result.error)")
    }
  }
}
