import ShmTestSupport
import Testing

@Suite("files that change while they are read", .serialized)
struct ChangedSourceTests {
  @Test(
    "a regular file that becomes shorter, longer or other while it is sent aborts the stream",
    arguments: ["shorter", "longer", "other", "other with its time set back"])
  func sent(_ how: String) async throws {
    try await Streams.check(
      """
      def change():
          with open(F, "r+b") as file:
              if sys.argv[2] == "shorter":
                  file.truncate(1_000_001)
              elif sys.argv[2] == "longer":
                  file.seek(0, 2)
                  file.write(b"x")
              else:
                  before = os.stat(F)
                  time.sleep(0.02)
                  file.write(b"other")
                  file.flush()
                  if "back" in sys.argv[2]:
                      os.utime(F, ns=(before.st_atime_ns, before.st_mtime_ns))
      for redirected in (False, True):
          with open(F, "wb") as file:
              file.write(os.urandom(8 << 20))
          time.sleep(0.02)
          receiver = start("recv", N)
          words = ["send", N, "--capacity", "64K"]
          sender = start(*words, stdin=open(F, "rb")) if redirected else start(*words, F)
          exactly(receiver.stdout, 100_000)
          change()
          rest = Reader(receiver)
          codes = sender.wait(30), receiver.wait(30)
          said = sender.stderr.read().decode()
          assert codes == (74, 76) and "while it was read" in said, (codes, said)
      """, how)
  }

  @Test("a file that is removed, linked, or only given another mode while it is sent is whole")
  func untouched() async throws {
    try await Streams.check(
      """
      for change in (lambda: os.chmod(F, 0o600), lambda: os.link(F, F + ".2"), lambda: os.unlink(F)):
          data = os.urandom(4 << 20)
          with open(F, "wb") as file:
              file.write(data)
          os.chmod(F, 0o644)
          receiver, sender = start("recv", N), start("send", N, F, "--capacity", "64K")
          first = exactly(receiver.stdout, 100_000)
          change()
          rest = Reader(receiver)
          assert (sender.wait(30), receiver.wait(30)) == (0, 0), sender.stderr.read()
          rest.join(30)
          assert first + rest.out == data
          if os.path.exists(F + ".2"):
              os.unlink(F + ".2")
      """)
  }

  @Test("copy, write and create --from compare a file with what it was at the start")
  func others() async throws {
    try await Streams.check(
      """
      R = N + "-region"
      run("create", R, "64M", "-q")
      atexit.register(lambda: run("remove", R, "-q"))
      for words in (["copy", "file:" + F, "-"], ["copy", "-", R], ["write", R],
                    ["create", N + "-new", "--from", F], ["verify", R, "--from", F]):
          with open(F, "wb") as file:
              file.truncate(64 << 20)
          time.sleep(0.02)
          input = open(F, "rb") if words[-1] == R else subprocess.DEVNULL
          if words[0] == "copy" and words[1] != "-":
              process = start(*words, stdin=input)
              exactly(process.stdout, 100_000)
          else:
              process = start(*words, stdin=input, preexec_fn=lambda: os.kill(os.getpid(), signal.SIGCONT))
          while process.poll() is None:
              with open(F, "r+b") as file:
                  file.seek(63 << 20)
                  file.write(b"\\0" * 10)
              if process.stdout and words[-1] == "-":
                  Reader(process).join(30)
          assert process.returncode in (74, 0), (words, process.returncode, process.stderr.read())
          said = process.stderr.read()
          assert process.returncode == 0 or b"while it was read" in said, (words, said)
          if words[-1] == "-":
              assert process.returncode == 74, said
          assert not os.path.exists("/dev/shm/" + N + "-new") or process.returncode == 0
          if os.path.exists("/dev/shm/" + N + "-new"):
              run("remove", N + "-new", "-q")
      """)
  }

  @Test("files of /proc and /sys are read to their end by every command")
  func unsized() async throws {
    try await Streams.check(
      """
      R = N + "-region"
      for path in ("/proc/version", "/proc/sys/kernel/ostype", "/sys/kernel/mm/transparent_hugepage/enabled",
                   "/proc/sys/kernel/random/boot_id"):
          if not os.path.exists(path):
              continue
          data = open(path, "rb").read()
          assert run("copy", "file:" + path, "-").stdout == data, path
          assert run("copy", f"file:{path}@2", "-").stdout == data[2:], path
          assert run("copy", f"file:{path}@1", "-", "--length", "3").stdout == data[1:4], path
          run("create", R, "4K", "-q")
          assert run("copy", "file:" + path, R).returncode == 0
          assert open(P + "-region", "rb").read().rstrip(b"\\0") == data
          assert run("write", R, path).returncode == 0
          run("remove", R, "-q")
          assert run("create", R, "--from", path, "-q").returncode == 0
          assert open(P + "-region", "rb").read() == data
          run("remove", R, "-q")
          receiver, sender = start("recv", N), start("send", N, path)
          assert receiver.communicate(timeout=30)[0] == data and sender.wait(30) == 0
      """)
  }

  @Test("progress shows a percentage at both ends if the number of bytes is known")
  func progress() async throws {
    try await Streams.check(
      """
      for words in (["--expect-bytes", "1000"], [F]):
          with open(F, "wb") as file:
              file.write(bytes(40 << 20))
          reader, writer = os.pipe()
          # A receiver that is slow enough for the line to appear at both ends.
          receiver = start("recv", N, "--progress")
          sender = start("send", N, "--progress", "--capacity", "64K", *words,
                         stdin=reader if len(words) == 2 else subprocess.DEVNULL)
          if len(words) == 2:
              for _ in range(10):
                  os.write(writer, bytes(100))
                  time.sleep(0.1)
              os.close(writer)
              Reader(receiver)
          else:
              begin = time.monotonic()
              while time.monotonic() - begin < 1:
                  exactly(receiver.stdout, 1 << 20)
                  time.sleep(0.05)
              Reader(receiver)
          assert (sender.wait(30), receiver.wait(30)) == (0, 0), sender.stderr.read()
          for process in (sender, receiver):
              assert b" %" in process.stderr.read(), words
      """)
  }
}
