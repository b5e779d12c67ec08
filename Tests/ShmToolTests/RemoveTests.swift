import ShmTestSupport
import Testing

@Suite("remove")
struct RemoveTests {
  @Test("takes the name away and says so", arguments: ["remove", "rm"])
  func remove(_ command: String) async throws {
    try await withRegion { (name) async throws in
      let result = try await Tool.run(command, name.name)
      #expect(result.code == 0)
      #expect(result.output.isEmpty)
      #expect(result.error == "removed '\(name)', 64 KiB\n")
      #expect(!name.exists)
    }
  }

  @Test("says in JSON how much it was")
  func json() async throws {
    try await withRegion("12345") { (name) async throws in
      let result = try await Tool.run("remove", name.name, "--json")
      #expect(result.code == 0)
      #expect(result.error.isEmpty)
      #expect(
        try await Python.evaluate(
          "d['action'], [(row['region'], row['bytes']) for row in d['regions']]", in: result.output)
          == "('remove', [('\(name)', 12345)])")
      #expect(!name.exists)
    }
  }

  @Test("goes on past a bad operand and ends with the first failure's code")
  func operands() async throws {
    try await withRegion { (first) async throws in
      try await withRegion { (second) async throws in
        let missing = TestName()
        let result = try await Tool.run("remove", missing.name, first.name, second.name, "-q")
        #expect(result.code == 66)
        #expect(
          result.error == """
            shmtool: cannot open '\(missing)': there is no such region; run 'shmtool list'

            """)
        #expect(!first.exists)
        #expect(!second.exists)
      }
    }
  }

  @Test("says that a name given twice is gone the second time")
  func twice() async throws {
    try await withRegion { (name) async throws in
      let result = try await Tool.run("remove", name.name, name.name)
      #expect(result.code == 66)
      #expect(!name.exists)
    }
  }

  @Test("leaves the memory to who maps it")
  func mapped() async throws {
    try await withRegion { (name) async throws in
      try await Python.check(
        """
        file = os.open(P, os.O_RDWR)
        memory = mmap.mmap(file, 65536)
        memory[0:5] = b"hello"
        assert run("remove", N).returncode == 0
        assert not os.path.exists(P)
        assert memory[0:5] == b"hello"
        """, name.name)
    }
  }

  @Test("leaves with --unused what a process has open or mapped, and names the process")
  func inUse() async throws {
    try await withRegion { (name) async throws in
      try await Python.check(
        """
        def refused():
            result = run("remove", "--unused", N)
            assert result.returncode == 75, result
            assert re.search(rf"process {os.getpid()} [(].+[)] uses it", result.stderr.decode()), result
            assert os.path.exists(P)
        file = os.open(P, os.O_RDWR)
        refused()
        memory = mmap.mmap(file, 65536)
        os.close(file)
        refused()
        memory.close()
        result = run("remove", "--unused", N)
        assert result.returncode == 0, result
        assert not os.path.exists(P)
        """, name.name)
    }
  }

  @Test("takes one of two hard links away and leaves the other")
  func hardLink() async throws {
    try await withRegion { (name) async throws in
      try await withName { (other) async throws in
        try await Python.check("os.link(P, '/dev/shm/' + sys.argv[2])", name.name, other.name)
        try await Tool.run("remove", name.name)
        #expect(!name.exists)
        #expect(other.size == 65536)
      }
    }
  }

  @Test("refuses what has no name to take away")
  func nameless() async throws {
    try await Python.check(
      """
      file = os.memfd_create("shmtool-test", os.MFD_ALLOW_SEALING)
      result = run("remove", f"pid:{os.getpid()}:{file}")
      assert result.returncode == 64, result
      assert "it has no name in the file system to take away" in result.stderr.decode(), result
      """)
  }

  @Test("needs an operand")
  func usage() async throws {
    let result = try await Tool.run("remove")
    #expect(result.code == 64)
  }
}
