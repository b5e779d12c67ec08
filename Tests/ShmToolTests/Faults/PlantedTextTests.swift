import ShmTestSupport
import Testing

/// Text that other users and programs have chosen, in everything that is printed.
@Suite("text that others have planted", .serialized)
struct PlantedTextTests {
  private func check(
    _ script: [UInt8], sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let name = TestName()
    let result = try await Python.run(String(decoding: script, as: UTF8.self), [name.name])
    if result.code != 0 {
      Issue.record("\(result.text)\n\(result.error)", sourceLocation: sourceLocation)
    }
    withExtendedLifetime(name) {}
  }

  @Test("files of any name are read and written, and named safely in messages")
  func files() async throws {
    try await check(PackageResources.filenames_py)
  }

  @Test(
    "mounts, users, control groups and variables are printed safely, and exactly in JSON",
    .enabled(if: TestEnvironment.mayMount, "needs root and the right to mount"))
  func surroundings() async throws {
    try await check(PackageResources.planted_py)
  }

  @Test("a peer's reason for giving up is printed safely")
  func aborts() async throws {
    try await Streams.check(
      ForeignEndTests.ends + #"""
        import unicodedata
        def harmless(text):
            for character in text.decode():
                assert character == "\n" or unicodedata.category(character) not in ("Cc", "Cf"), text
        for reason in (b"\x1b[2J\x1b]0;x\x07", b"a\nshmtool: b\r", b"\xff\xfe\xc3", b"", b"\xe2\x80\xae" * 64,
                       b"\xc2\x9b2J", b"\0\0x", b"\x1b" * 192, b"x" * 191 + b"\xc3"):
            for words in ([], ["--json"], ["--progress"]):
                receiver = start("recv", N, *words)
                mine = Sender()
                mine.put(b"hello")
                exactly(receiver.stdout, 5)
                mine.say(6, 77, 5, text=reason)
                error = receiver.communicate(timeout=30)[1]
                assert receiver.returncode == 76, (reason, error)
                harmless(error)
                reader, writer = os.pipe()
                sender = start("send", N, *words, stdin=reader)
                mine = Receiver()
                mine.say(6, mine.stream, 5, text=reason)
                error = sender.communicate(timeout=30)[1]
                os.close(reader), os.close(writer)
                assert sender.returncode == 76, (reason, error)
                harmless(error)
        """#)
  }

  @Test("a stream's name is printed safely by every command, and exactly in JSON")
  func streams() async throws {
    try await Python.check(
      #"""
      import tempfile, unicodedata, urllib.parse
      def harmless(text):
          for character in text.decode():
              assert character == "\n" or unicodedata.category(character) not in ("Cc", "Cf"), text
      def exact(text):
          return urllib.parse.unquote_to_bytes(text[6:]) if text.startswith("bytes:") else text.encode()
      with tempfile.TemporaryDirectory() as place:
          environment = dict(os.environ, SHMTOOL_DIR=place)
          for name in (b"s\x1b[2J\x07", b"new\nline", b"bad\xff\xfe", b"\xe2\x80\xaebidi", b"c1\xc2\x9b", b"tab\tx"):
              def tool(*words, code=0):
                  told = subprocess.run([T.encode(), *words], env=environment, capture_output=True,
                                        timeout=120, stdin=subprocess.DEVNULL)
                  assert told.returncode == code, (words, told)
                  harmless(told.stderr)
                  words[0] == b"recv" or harmless(told.stdout)
                  return told
              tool(b"send", name, b"--timeout", b"50ms", code=124)
              tool(b"recv", name, b"--timeout", b"50ms", code=124)
              sender = start(b"send", name, b"--json", b"--progress", b"/bin/sh", env=environment)
              until(lambda: os.listdir(place))
              rows = json.loads(tool(b"list", b"--json", b"--kind", b"stream").stdout)["regions"]
              row, = [row for row in rows if row["name"] and exact(row["name"]) == name]
              tool(b"list", b"--kind", b"stream")
              tool(b"list", b"--kind", b"stream", b"--output", b"name,reference,users,owner")
              told = tool(b"recv", name, b"--json", b"--progress")
              # The report follows the progress.
              report = json.loads(told.stderr[told.stderr.index(b"{"):])
              assert exact(report["stream"]) == name, report
              error = sender.communicate(timeout=60)[1]
              harmless(error)
              assert sender.returncode == 0 and exact(
                  json.loads(error[error.index(b"{"):])["stream"]) == name, error
              # One that is removed by the reference that the list gives.
              sender = start(b"send", name, b"/bin/sh", env=environment)
              until(lambda: os.listdir(place))
              tool(b"remove", row["reference"].encode(), code=75)
              sender.kill()
              harmless(sender.communicate(timeout=60)[1])
              tool(b"remove", row["reference"].encode())
              tool(b"remove", row["reference"].encode(), code=66)
      """#)
  }

  @Test("a word that begins with a dash and a combining mark is an unknown word, and no defect")
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

  @Test("a memfd can be sealed whatever its name begins with")
  func memfd() async throws {
    try await Python.check(
      """
      for name in ("\\u0301x", "\\u0301", "a\\u0301", "\\u200d"):
          file = os.memfd_create(name, os.MFD_ALLOW_SEALING)
          os.ftruncate(file, 4096)
          told = run("seal", f"pid:{os.getpid()}:{file}", "shrink")
          assert told.returncode == 0 and fcntl.fcntl(file, 1034) == 2, (name, told)
          os.close(file)
      """)
  }

  @Test("an extended attribute of any name is kept when its file is replaced")
  func attributes() async throws {
    let name = TestName()
    try await Python.check(
      """
      import tempfile
      assert run("create", "-q", N, "4K").returncode == 0
      with tempfile.TemporaryDirectory() as place:
          path = place + "/x"
          open(path, "x").close()
          names = ["user.\\u0301x", "user.plain"]
          try:
              for name in names:
                  os.setxattr(path, name, b"kept")
          except OSError:
              names = []
          told = run("read", N, "--output", path)
          assert told.returncode == 0, told
          for name in names:
              assert os.getxattr(path, name) == b"kept", name
      """, name.name)
    withExtendedLifetime(name) {}
  }
}
