import ShmTestSupport
import Testing

@Suite("The program itself")
struct StartTests {
  @Test("says its version on stdout and nothing else")
  func version() async throws {
    let result = try await Tool.run("--version")
    #expect(result.code == 0)
    #expect(result.text == "shmtool 0.1.0\n")
    #expect(result.error.isEmpty)
  }

  @Test(
    "needs nothing where it runs, as a release: no library, no /proc, no file",
    .enabled(if: Tool.isStatic, "needs the release build"),
    .enabled(if: TestEnvironment.mayMakeUserNamespaces, "needs unshare and user namespaces"))
  func alone() async throws {
    try await Python.check(
      """
      import shutil, tempfile
      with tempfile.TemporaryDirectory() as root:
          shutil.copy(T, root + "/shmtool")
          os.makedirs(root + "/dev/shm")
          def alone(*words):
              return subprocess.run(["unshare", "-Ur", "chroot", root, "/shmtool", *words],
                                    capture_output=True, timeout=30)
          assert alone("--version").stdout == b"shmtool 0.1.0\\n"
          # It is no tmpfs, and says so.
          result = alone("create", "x", "4K")
          assert result.returncode == 65 and b"not in shared memory" in result.stderr, result
          assert alone("nonsense").returncode == 64
      """)
  }

  @Test("creates, lists and removes a region")
  func lifeOfARegion() async throws {
    let name = TestName()
    #expect(try await Tool.run("create", "\(name)", "1M").code == 0)
    #expect(name.exists)
    #expect(try await Tool.run("list").text.contains("\(name)"))
    #expect(try await Tool.run("remove", "\(name)").code == 0)
    #expect(!name.exists)
  }
}
