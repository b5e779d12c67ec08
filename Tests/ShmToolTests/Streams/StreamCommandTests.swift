import ShmTestSupport
import Testing

@Suite("commands at the ends of streams that fail", .serialized)
struct StreamCommandTests {
  @Test("no stage of CMD sees the ordinary end of its input if the sender dies or gives up")
  func stages() async throws {
    try await Streams.check(
      #"""
      script = os.path.join("/tmp", N + ".py")
      # A stage that says when it has read the end, also one that takes its time at SIGTERM.
      open(script, "w").write("; ".join([
          "import signal, sys, time", "mark = sys.argv[1]", "last = lambda *_: time.sleep(0.5) or sys.exit(9)",
          "len(sys.argv) > 2 and signal.signal(signal.SIGTERM, last)", "open(mark + '.ready', 'w').close()",
          "data = sys.stdin.buffer.read()", "open(mark, 'w').close()", "sys.stdout.buffer.write(data)"]))
      marks = [f"/tmp/{N}.{place}" for place in range(3)]
      def clear_marks():
          for mark in marks:
              for path in (mark, mark + ".ready"):
                  if os.path.exists(path):
                      os.unlink(path)
      atexit.register(lambda: (clear_marks(), os.unlink(script)))
      stage = lambda place, more="": f"{sys.executable} {script} {marks[place]} {more}"
      for command in (f"cat | {stage(0)} | {stage(1)} | {stage(2)} > /dev/null",
                      f"cat | {stage(0, 'slow')} | {stage(1, 'slow')} | {stage(2)}; true",
                      f"({stage(0)} | {stage(1)} | {stage(2)}); true"):
          for ending in ("kill", "terminate", "own"):
              clear_marks()
              reader, writer = os.pipe()
              sender = start("send", N, stdin=reader)
              receiver = start("recv", N, "--", "bash", "-c", command)
              os.write(writer, b"a short beginning")
              until(lambda: all(os.path.exists(mark + ".ready") for mark in marks))
              begin = time.monotonic()
              (receiver.terminate if ending == "own" else getattr(sender, ending))()
              assert receiver.wait(20) == {"kill": 69, "terminate": 76, "own": -15}[ending]
              # SIGKILL comes after 2 s; the rest is the machine's.
              assert time.monotonic() - begin < 15, (command, ending)
              sender.wait(20)
              os.close(writer)
              os.close(reader)
              time.sleep(0.2)
              assert not [mark for mark in marks if os.path.exists(mark)], (command, ending)
              left = subprocess.run(["pgrep", "-f", script], capture_output=True).stdout
              assert not left, (command, ending, left)
      """#)
  }

  @Test("daemons that CMD has started, and children that shmtool was started with, live on")
  func others() async throws {
    try await Streams.check(
      #"""
      pids = f"/tmp/{N}.pids"
      atexit.register(lambda: os.path.exists(pids) and os.unlink(pids))
      reader, writer = os.pipe()
      sender = start("send", N, stdin=reader)
      # The shell's own child becomes shmtool's when the shell becomes shmtool.
      script = ("sleep 50 & echo $! > " + pids + "; exec \"$SHMTOOL\" recv " + N +
                " -- bash -c 'setsid sleep 50 & echo $! >> " + pids + "; echo x; cat'")
      receiver = subprocess.Popen(["bash", "-c", script], stdout=subprocess.PIPE)
      assert receiver.stdout.readline() == b"x\n"
      until(lambda: len(open(pids).read().split()) == 2)
      time.sleep(0.2)
      sender.kill()
      assert receiver.wait(20) == 69
      for pid in map(int, open(pids).read().split()):
          assert "sleep" in open(f"/proc/{pid}/comm").read()
          os.kill(pid, signal.SIGKILL)
      """#)
  }

  @Test("CMD uses the terminal, and Ctrl-C reaches both")
  func terminal() async throws {
    try await Streams.check(
      #"""
      import pty
      pid, leader = pty.fork()
      if pid == 0:
          os.execv(T, [T, "recv", N, "-q", "--", "sh", "-c",
                       "echo ready; read word </dev/tty; echo got $word; sleep 30 </dev/null"])
      sender = start("send", N, "/dev/zero")
      text = b""
      def see(word):
          global text
          while word not in text:
              assert select.select([leader], [], [], 20)[0], text
              text += os.read(leader, 1000)
      see(b"ready")
      os.write(leader, b"hello\n")
      see(b"got hello")
      os.write(leader, b"\x03")
      _, status = os.waitpid(pid, 0)
      assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGINT, status
      assert sender.wait(20) == 76
      """#)
  }
}
