import Glibc
import ShmTestSupport
import Testing

@Suite("what is no region, at the name of one", .serialized)
struct ForeignObjectTests {
  @Test(
    "is refused by every command within its time, and left as it was",
    arguments: [
      ("link", "a symbolic link"), ("dangling", "a symbolic link"), ("circle", "a symbolic link"),
      ("fifo", "a FIFO"), ("socket", "a socket"), ("directory", "a directory"),
    ])
  func refused(_ kind: String, _ words: String) async throws {
    try await check(kind, words)
  }

  @Test(
    "is refused where it is a device, without opening it",
    .enabled(if: TestEnvironment.mayMount, "needs root and the right to make devices"),
    arguments: ["character", "block"])
  func device(_ kind: String) async throws {
    try await check(kind, "a device")
  }

  private func check(_ kind: String, _ words: String) async throws {
    try await Python.checkFaults(
      """
      kind, what = sys.argv[2:]
      target = P + "-target"
      with open(target, "wb") as file:
          file.write(b"t" * 8192)
      listener = socket.socket(socket.AF_UNIX)
      make = {
          "link": lambda: os.symlink(target, P), "dangling": lambda: os.symlink(P + "-none", P),
          "circle": lambda: os.symlink(P, P), "fifo": lambda: os.mkfifo(P),
          "socket": lambda: (listener.bind(P), listener.listen(1)), "directory": lambda: os.mkdir(P),
          "character": lambda: os.mknod(P, 0o600 | stat.S_IFCHR, os.makedev(10, 183)),
          "block": lambda: os.mknod(P, 0o600 | stat.S_IFBLK, os.makedev(7, 250)),
      }
      def state(path):
          status = os.lstat(path)
          return status.st_ino, status.st_mode, status.st_size, status.st_nlink, status.st_mtime_ns
      try:
          make[kind]()
          before = state(P)
          for words in (["inspect"], ["inspect", "--json"], ["read"], ["write"], ["fill", "--zero"],
                        ["verify", "--zero"], ["resize", "64K"], ["resize", "--shrink", "1"],
                        ["seal", "shrink"], ["map", "--", "true"], ["map", "--read-only", "--", "true"],
                        ["wire", "--", "true"], ["unwire"], ["wait", "--timeout", "9s"],
                        ["wait", "--removed", "--timeout", "9s"], ["create", "4K", "--open"],
                        ["create", "4K"], ["create", "--from", "/proc/version"], ["remove"],
                        ["remove", "--unused"]):
              for name in [N, P][:2 if words[0] in ("read", "remove", "create") else 1]:
                  result = subprocess.run(
                      ["timeout", "-s", "KILL", "10", T, words[0], name, *words[1:]],
                      input=b"w", capture_output=True)
                  taken = words[0] == "create" and "--open" not in words
                  assert result.returncode == (73 if taken else 65), (words, name, result)
                  told = result.stderr.decode()
                  assert f"it is {what}, not a region" in told or taken, result
                  assert told.count("\\n") == 1, result
              assert state(P) == before, words
          # It lies in /dev/shm and is no region: the list is none the worse for it.
          if kind in ("circle", "fifo"):
              result = run("list", "--json")
              assert result.returncode == 0 and json.loads(result.stdout)["schema"] == 1
          assert open(target, "rb").read() == b"t" * 8192 and not os.path.exists(P + "-none")
      finally:
          os.unlink(target)
          if os.path.lexists(P):
              os.rmdir(P) if kind == "directory" else os.unlink(P)
      """, arguments: [TestName().name, kind, words])
  }

  @Test("is handled where it is a region that is small, or has a second name", arguments: [0, 1])
  func small(_ size: Int) async throws {
    try await withName { (name) async throws in
      try await Python.checkFaults(
        """
        size = int(sys.argv[2])
        other = P + "-other"
        with open(P, "wb") as file:
            file.write(b"x" * size)
        os.link(P, other)
        try:
            for words in (["inspect"], ["inspect", "--json"], ["wait", "--timeout", "1s"]):
                assert run(words[0], N, *words[1:]).returncode == 0, words
            for words in (["read"], ["write"], ["fill", "--byte", "120"],
                          ["verify", "--byte", "120"], ["map", "--", "true"]):
                result = run(words[0], N, *words[1:], input=b"x" * size)
                assert result.returncode == (0 if size else 64), (words, result)
            sound(run("wire", N, "--", "true"))
            assert open(other, "rb").read() == b"x" * size
            assert run("create", N, "1M").returncode == 73
            assert run("resize", N, "8K").returncode == 0
            assert open(other, "rb").read() == b"x" * size + bytes(8192 - size)
            assert run("remove", "--unused", N).returncode == 0
            assert not os.path.exists(P) and os.stat(other).st_nlink == 1
        finally:
            os.unlink(other)
        """, arguments: [name.name, "\(size)"])
    }
  }

  @Test(
    "of another user, is refused with whose it is, and stays",
    .enabled("needs root, setpriv, and a build that nobody can run") {
      try await Nobody.isUsable()
    }, arguments: ["600", "644"])
  func another(_ mode: String) async throws {
    try await withRegion("64K", ["--mode", mode]) { (name) async throws in
      let before = name.status
      let reading: Int32 = mode == "644" ? 0 : 77
      for (words, code) in [
        (["inspect", "--json"], 0), (["read"], reading), (["verify", "--zero"], reading),
        (["write"], 77), (["fill", "--zero"], 77), (["resize", "128K"], 77), (["remove"], 77),
        (["remove", "--unused"], nil), (["map", "--", "true"], 77),
        (["map", "--read-only", "--", "true"], reading), (["wire", "--", "true"], nil),
        (["create", "64K", "--open"], 77), (["create", "64K"], 73),
      ] as [([String], Int32?)] {
        let result = try await Nobody.shell(
          "exec timeout -s KILL 30 \"$NOBODY\" \"$@\"", [words[0], name.name] + words.dropFirst())
        #expect(!result.isSignaled && result.code < 128, "\(words): \(result.error)")
        if let code { #expect(result.code == code, "\(words): \(result.error)") }
        if code == 77, !["remove"].contains(words[0]) {
          #expect(result.error.contains("it belongs to uid 0, mode \(mode)"), "\(words)")
        }
      }
      #expect(name.status?.st_ino == before?.st_ino)
      #expect(name.size == 65536)
      #expect(try await name.contents() == Array(repeating: 0, count: 65536))
    }
  }
}
