import ShmTestSupport
import Testing

@Suite("seal")
struct SealTests {
  @Test("seal seals a memfd of another process, and reports its seals")
  func memoryFile() async throws {
    try await Python.test()
  }

  @Test("reports that the memfd is mapped for writing, and suggests another seal")
  func mapped() async throws {
    try await Python.test()
  }

  @Test("reports that a memfd was created without support for seals")
  func unsealable() async throws {
    try await Python.test()
  }

  @Test("an object that is not a memfd is refused, with that reason")
  func object() async throws {
    try await withRegion { (name) async throws in
      let result = try await Tool.run("seal", name.name, "shrink")
      #expect(result.code == 65)
      #expect(
        result.error
          == """
          shmtool: cannot seal '\(name)': not a memfd; only memfds can be sealed; name one \
          as pid:PID:FD

          """)
    }
  }

  @Test(
    "refuses invalid seals, and a missing list of seals",
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
