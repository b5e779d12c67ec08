import Glibc
import ShmTestSupport
import Testing

@Suite("a file that is not a region, at the name of a region", .serialized)
struct ForeignObjectTests {
  @Test(
    "every command refuses the file within its time limit, and does not change it",
    arguments: [
      ("link", "a symbolic link"), ("dangling", "a symbolic link"), ("circle", "a symbolic link"),
      ("fifo", "a FIFO"), ("socket", "a socket"), ("directory", "a directory"),
    ])
  func refused(_ kind: String, _ words: String) async throws {
    try await check(kind, words)
  }

  @Test(
    "a device is refused without opening it",
    .enabled(if: TestEnvironment.mayMount, "needs root and the right to make devices"),
    arguments: ["character", "block"])
  func device(_ kind: String) async throws {
    try await check(kind, "a device")
  }

  private func check(_ kind: String, _ words: String) async throws {
    try await Python.test(named: TestName(), kind, words)
  }

  @Test("a small region and a region with a second name are accepted", arguments: [0, 1])
  func small(_ size: Int) async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, "\(size)")
    }
  }

  @Test(
    "another user's object is refused with its owner, and is kept",
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
