import Glibc
import ShmTestSupport
import Testing

@Suite("list")
struct ListTests {
  @Test("shows a region under its headings, and nothing on stderr", arguments: ["list", "ls"])
  func table(_ command: String) async throws {
    try await withName { (name) async throws in
      try await Python.checkFaults(
        """
        assert run("create", N, "64K", "-q").returncode == 0
        result = run(sys.argv[2])
        assert result.returncode == 0 and not result.stderr, result
        lines = result.stdout.decode().splitlines()
        assert lines[0].split() == [
            "KIND", "NAME", "SIZE", "ALLOCATED", "SWAPPED", "WIRED", "OWNER", "AGE", "USERS"], lines[0]
        row, = [line for line in lines if N in line]
        assert row.split()[0] == "posix" and "64 KiB" in row and row.endswith(" none seen"), row
        """, arguments: [name.name, command], alone: true)
    }
  }

  @Test("shows the columns that were asked for, in their order")
  func columns() async throws {
    try await withRegion { (name) async throws in
      let result = try await Tool.run("list", "--output", "size,name", "--bytes", "--no-headings")
      #expect(result.code == 0)
      let rows = result.text.split(separator: "\n").map { $0.split(separator: " ") }
      #expect(rows.contains(["65536", Substring(name.name)]))
      #expect(!result.text.contains("NAME"))
    }
  }

  @Test(
    "refuses a column, an order and a kind that there are not",
    arguments: [
      ["--output", "nonsense"], ["--output", ""], ["--output", "name,"], ["--sort", "x"],
      ["--kind", "x"], ["extra"],
    ])
  func unknown(_ options: [String]) async throws {
    let result = try await Tool.run(Tool.path, ["list"] + options)
    #expect(result.code == 64)
    #expect(result.output.isEmpty)
    #expect(result.error.hasSuffix("(see 'shmtool list --help')\n"))
  }

  @Test("puts the largest first when asked to sort by size")
  func sort() async throws {
    try await withRegion("4K") { (small) async throws in
      try await withRegion("128K") { (large) async throws in
        let result = try await Tool.run("list", "--sort", "size", "--output", "name")
        let names = result.text.split(separator: "\n").map(String.init)
        let first = try #require(names.firstIndex(of: large.name))
        let second = try #require(names.firstIndex(of: small.name))
        #expect(first < second)
      }
    }
  }

  @Test("tells semaphores from regions, and leaves out what is neither")
  func kinds() async throws {
    try await withName { (name) async throws in
      try await Python.checkFaults(
        """
        assert run("create", N, "64K", "-q").returncode == 0
        made = [f"/dev/shm/sem.{N}", f"{P}-fifo", f"{P}-link", f"{P}-socket"]
        listener = socket.socket(socket.AF_UNIX)
        os.mkdir(P + "-directory")
        try:
            open(made[0], "wb").write(bytes(32))
            os.mkfifo(made[1])
            os.symlink(P, made[2])
            listener.bind(made[3])
            def names(*words):
                found = json.loads(run("list", "--json", *words).stdout)["regions"]
                return {(row["kind"], row["name"]) for row in found if N in (row["name"] or "")}
            assert names() == {("posix", N), ("semaphore", "sem." + N)}, names()
            assert names("--kind", "posix") == {("posix", N)}
            assert names("--kind", "semaphore") == {("semaphore", "sem." + N)}
        finally:
            for path in made:
                os.unlink(path)
            os.rmdir(P + "-directory")
        """, arguments: [name.name], alone: true)
    }
  }

  @Test("names who has a region open and mapped")
  func users() async throws {
    try await withName { (name) async throws in
      try await Python.checkFaults(
        """
        assert run("create", N, "64K", "-q").returncode == 0
        def row():
            found = json.loads(run("list", "--json").stdout)["regions"]
            return next(row for row in found if row["name"] == N)
        assert row()["used"] is None and row()["no_user_seen"] is True and row()["users"] == []
        file = os.open(P, os.O_RDWR)
        memory = mmap.mmap(file, 65536)
        me = row()
        assert me["used"] is True, me
        user = next(user for user in me["users"] if user["pid"] == os.getpid())
        assert file in user["descriptors"], user
        assert user["mapped_bytes"] == 65536 and user["user"] == os.geteuid(), user
        mapping = user["mappings"][0]
        assert (mapping["length"], mapping["offset"]) == (65536, 0), mapping
        assert (mapping["sharing"], mapping["protection"]) == ("shared", "read-write"), mapping
        assert str(os.getpid()) in run("list").stdout.decode()
        memory.close()
        os.close(file)
        assert row()["used"] is None and row()["no_user_seen"] is True
        """, arguments: [name.name], alone: true)
    }
  }

  @Test("says what a region is in JSON, in bytes")
  func json() async throws {
    try await withRegion("12345", ["--mode", "640"]) { (name) async throws in
      let result = try await Tool.run("list", "--json")
      #expect(result.code == 0)
      #expect(result.error.isEmpty)
      let told = try await Python.evaluate(
        """
        [(r['kind'], r['display'], r['size'], r['allocated'], r['mode'], r['owner_id'],
          0 <= r['age_seconds'] < 600) for r in d['regions'] if r['name'] == '\(name)']
        """.split(separator: "\n").joined(), in: result.output)
      let owner = try #require(name.status?.st_uid)
      #expect(told == "[('posix', '\(name)', 12345, 16384, '0640', \(owner), True)]")
    }
  }

  @Test("shows empty objects, and such as nobody may read")
  func odd() async throws {
    try await withName { (name) async throws in
      try await Python.checkFaults(
        """
        os.close(os.open(P, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0))
        found = json.loads(run("list", "--json").stdout)["regions"]
        row = next(row for row in found if row["name"] == N)
        assert (row["size"], row["allocated"], row["mode"]) == (0, 0, "0000"), row
        """, arguments: [name.name], alone: true)
    }
  }
}
