import ShmTestSupport
import Testing

/// Text that other users and programs have chosen, in everything that is printed.
@Suite("Text that other users have planted", .serialized)
struct PlantedTextTests {
  @Test("files of any name are read and written, and escaped in messages")
  func files() async throws {
    try await Python.test(script: "Faults/filenames", named: TestName())
  }

  @Test(
    "names of mounts, users, control groups and variables are escaped, and exact in JSON",
    .enabled(if: TestEnvironment.mayMount, "needs root and the right to mount"))
  func surroundings() async throws {
    try await Python.test(script: "Faults/planted", named: TestName())
  }

  @Test("a peer's reason for an abort is escaped")
  func aborts() async throws {
    try await Streams.test()
  }

  @Test("every command escapes a stream's name, and prints it exactly in JSON")
  func streams() async throws {
    try await Python.test()
  }

  @Test("a word that begins with a dash and a combining mark is a usage error, not a crash")
  func marks() async throws {
    let mark = "-\u{301}"
    for words in [
      [mark], [mark, "list"], ["wire", mark, "--", "true"], ["map", mark, "--", "true"],
    ] {
      let result = try await Tool.run(Tool.path, words)
      #expect(result.code == 64, "\(words): \(result.code) \(result.error)")
      #expect(result.error.hasPrefix("shmtool: ") && result.output.isEmpty, "\(result.error)")
    }
  }

  @Test("a memfd can be sealed with any prefix of its name")
  func memfd() async throws {
    try await Python.test()
  }

  @Test("an extended attribute with any name is kept when its file is replaced")
  func attributes() async throws {
    let name = TestName()
    try await Python.test(named: name)
    withExtendedLifetime(name) {}
  }
}
