import ShmTestSupport
import Testing

@Suite("seal")
struct SealTests {
  @Test("seals a memfd of another process, and says what is sealed")
  func memoryFile() async throws {
    try await Python.check(
      """
      file = os.memfd_create("shmtool-test", os.MFD_ALLOW_SEALING)
      os.ftruncate(file, 8192)
      me = f"pid:{os.getpid()}:{file}"
      result = run("seal", me, "shrink,grow")
      assert result.returncode == 0 and result.stdout == b"", result
      assert result.stderr.decode() == f"sealed '{me}': shrink, grow\\n", result
      assert fcntl.fcntl(file, fcntl.F_GET_SEALS) == fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW
      result = run("seal", me, "write", "seal", "--json")
      assert result.returncode == 0 and result.stderr == b"", result
      report = json.loads(result.stdout)
      assert (report["action"], report["region"], report["bytes"]) == ("seal", me, 8192), report
      assert sorted(report["seals"]) == ["grow", "seal", "shrink", "write"], report
      try:
          os.write(file, b"x")
          assert False, "it can still be written"
      except PermissionError:
          pass
      result = run("seal", me, "shrink")
      assert result.returncode == 77, result
      assert "it is sealed against further seals" in result.stderr.decode(), result
      """)
  }

  @Test("says that somebody has it mapped for writing, and offers another seal")
  func mapped() async throws {
    try await Python.check(
      """
      file = os.memfd_create("shmtool-test", os.MFD_ALLOW_SEALING)
      os.ftruncate(file, 8192)
      memory = mmap.mmap(file, 8192)
      me = f"pid:{os.getpid()}:{file}"
      result = run("seal", me, "write")
      assert result.returncode == 75, result
      assert "the seal 'future-write' does not mind" in result.stderr.decode(), result
      assert fcntl.fcntl(file, fcntl.F_GET_SEALS) == 0
      assert run("seal", me, "future-write").returncode == 0
      assert fcntl.fcntl(file, fcntl.F_GET_SEALS) == 16
      """)
  }

  @Test("says of a memfd that was made without seals that it has none to give")
  func unsealable() async throws {
    try await Python.check(
      """
      file = os.memfd_create("shmtool-test", 0)
      result = run("seal", f"pid:{os.getpid()}:{file}", "shrink")
      assert result.returncode == 77, result
      """)
  }

  @Test("says of what is no memfd that only a memfd can be sealed")
  func object() async throws {
    try await withRegion { (name) async throws in
      let result = try await Tool.run("seal", name.name, "shrink")
      #expect(result.code == 65)
      #expect(
        result.error
          == """
          shmtool: cannot seal '\(name)': only a memfd can be sealed, and this is none; name a \
          memfd by pid:PID:FD

          """)
    }
  }

  @Test(
    "refuses words that are no seals, and none at all",
    arguments: [["nonsense"], ["shrink,"], ["shrink,nonsense"], ["SHRINK"], []])
  func words(_ words: [String]) async throws {
    try await withRegion { (name) async throws in
      let result = try await Tool.run(Tool.path, ["seal", name.name] + words)
      if words == ["shrink,"] {
        #expect(result.code == 65, "a comma at the end is no word")
      } else {
        #expect(result.code == 64)
        #expect(result.error.hasSuffix("(see 'shmtool seal --help')\n"))
      }
    }
  }
}
