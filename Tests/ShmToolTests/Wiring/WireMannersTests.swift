import ShmTestSupport
import Testing

@Suite("manners of commands that hold")
struct WireMannersTests {
  @Test("a command without -- before it is recognized", arguments: ["wire", "map"])
  func forgottenDashes(_ command: String) async throws {
    try await withRegion { (name) async throws in
      let result = try await Tool.run(command, name.name, "sleep", "1")
      #expect(
        result.error.hasSuffix("; if 'sleep' is a command to run, write '--' before it\n"),
        "\(result.error)")
      #expect(result.code == 66)
      let other = try await Tool.run(command, name.name, "no-such-program-here")
      #expect(!other.error.contains("'--'"), "\(other.error)")
      let first = try await Tool.run(command, "sleep", name.name)
      #expect(!first.error.contains("'--'"), "\(first.error)")
    }
  }

  @Test("commands that hold say on a terminal what ends the holding")
  func waiting() async throws {
    try await withRegion { (name) async throws in
      try await Wiring.check(
        """
        import pty
        def on_terminal(*words):
            mine, other = pty.openpty()
            process = subprocess.Popen([T, *words], stdin=other, stdout=other, stderr=other)
            os.close(other)
            text = b""
            while not text.endswith((b"(Ctrl-C)\\r\\n", b"earlier\\r\\n")):
                assert select.select([mine], [], [], 30)[0], text
                text += os.read(mine, 4096)
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == -2
            os.close(mine)
            return text.decode().split("\\r\\n")[-2]
        shown = "holding until interrupted (Ctrl-C)"
        assert on_terminal("wire", N) == shown
        assert on_terminal("map", N) == shown
        assert on_terminal("create", N + "-w", "4K", "--wired") == shown
        os.unlink(P + "-w")
        assert on_terminal("wire", N, "--for", "1h") == "holding for 1 h; Ctrl-C ends it earlier"
        assert on_terminal("wire", N, "--for", "90s", "--while-pid", str(os.getpid())) == (
            f"holding for 90 s and while process {os.getpid()} runs; Ctrl-C ends it earlier")
        # Not in a pipe, and not with -q.
        assert b"holding" not in run("wire", N, "--for", "1ms").stderr
        assert b"holding" not in run("wire", N, "--", "true").stderr
        mine, other = pty.openpty()
        subprocess.run([T, "wire", N, "-q", "--for", "1ms"], stdin=other, stdout=other, stderr=other)
        assert not select.select([mine], [], [], 0.2)[0]
        """, name.name)
    }
  }
}
