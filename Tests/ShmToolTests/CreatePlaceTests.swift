import ShmTestSupport
import Testing

@Suite("directories in which create makes regions")
struct CreatePlaceTests {
  @Test("an absolute, relative or explicit path creates a file")
  func path() async throws {
    try await withName { (name) async throws in
      #expect(try await Tool.run("create", name.path, "4K").code == 0)
      #expect(name.size == 4096)
    }
    try await withName { (name) async throws in
      #expect(try await Tool.run("create", "file:\(name.path)", "4K").code == 0)
      #expect(name.size == 4096)
    }
    try await withName { (name) async throws in
      let script = "cd /dev/shm && \"$SHMTOOL\" create ./\(name) 4K && cd / && test -f \(name.path)"
      #expect(try await Tool.shell(script).code == 0)
    }
    try await withName { (name) async throws in
      let script = "cd /dev/shm && \"$SHMTOOL\" create file:\(name) 4K"
      #expect(try await Tool.shell(script).code == 0)
      #expect(name.size == 4096)
    }
  }

  @Test("a name with a leading slash is the same region")
  func slash() async throws {
    try await withName { (name) async throws in
      #expect(try await Tool.run("create", "/\(name)", "4K").code == 0)
      #expect(name.size == 4096)
    }
  }

  @Test("a directory that is missing or not in memory is refused")
  func place() async throws {
    let disk = try await Tool.run("create", "/proc/shmtool-test", "4K")
    #expect(disk.code == 65)
    #expect(disk.error.contains("is on proc, not in shared memory"))
    let missing = try await Tool.run("create", "/dev/shm/shmtool-test-none/x", "4K")
    #expect(missing.code == 66)
    #expect(missing.error.contains("directory /dev/shm/shmtool-test-none does not exist"))
  }

  @Test(
    "a reference that is neither a name nor a path cannot be created",
    arguments: ["pid:1:3", "sysv:1"])
  func kinds(_ reference: String) async throws {
    let result = try await Tool.run("create", reference, "4K")
    #expect(result.code == 64)
    #expect(result.error.contains("only POSIX names and paths can be created"))
  }
}
