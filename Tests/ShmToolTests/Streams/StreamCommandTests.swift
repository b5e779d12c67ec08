import ShmTestSupport
import Testing

@Suite("commands at the ends of streams that fail", .serialized)
struct StreamCommandTests {
  @Test(
    "no stage of CMD sees the ordinary end of its input if the sender dies or gives up",
    arguments: [
      "cat | STAGE0 | STAGE1 | STAGE2 > /dev/null",
      "cat | STAGE0 slow | STAGE1 slow | STAGE2; true", "(STAGE0 | STAGE1 | STAGE2); true",
    ])
  func stages(_ command: String) async throws {
    try await checkStages(command)
  }

  @Test(
    "the same holds if the kernel does not list the children of a process",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func withoutLists() async throws {
    try await checkStages("cat | STAGE0 | STAGE1 slow | STAGE2; true", hasLists: false)
  }

  private func checkStages(_ command: String, hasLists: Bool = true) async throws {
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
      command, has_lists = sys.argv[2], sys.argv[3] == "true"
      for place in range(3):
          command = command.replace(f"STAGE{place}", f"{sys.executable} {script} {marks[place]}")
      untold = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", "/proc/thread-self/children",
                "-e", "trace=newfstatat,statx", "-e", "inject=newfstatat,statx:error=ENOENT"]
      for ending in ("kill", "terminate") + (("own",) if has_lists else ()):
          case = (command, ending)
          clear_marks()
          reader, writer = os.pipe()
          sender = start("send", N, stdin=reader)
          receiver = subprocess.Popen(
              [*([] if has_lists else untold), T, "recv", N, "--", "bash", "-c", command],
              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
          started.append(receiver)
          os.write(writer, b"a short beginning")
          until(lambda: all(os.path.exists(mark + ".ready") for mark in marks))
          begin = time.monotonic()
          (receiver.terminate if ending == "own" else getattr(sender, ending))()
          code = receiver.wait(30)
          taken = time.monotonic() - begin
          assert code == {"kill": 69, "terminate": 76, "own": -15}[ending], (case, code, receiver.stderr.read())
          # SIGKILL comes after 2 s. To look at all processes one by one takes longer on a busy machine.
          assert taken < 5 or not has_lists, (case, taken)
          assert sender.wait(20) is not None, case
          os.close(writer)
          os.close(reader)
          time.sleep(0.2)
          assert not [mark for mark in marks if os.path.exists(mark)], case
          left = subprocess.run(["pgrep", "-f", script], capture_output=True).stdout
          assert not left, (case, left)
      """#, command, hasLists ? "true" : "false")
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

  @Test("Ctrl-Z stops shmtool and all stages of CMD, and fg continues the stream")
  func stopped() async throws {
    try await Streams.check(
      #"""
      import pty
      def shell():
          pid, leader = pty.fork()
          if pid == 0:
              os.environ["PS1"] = "> "
              os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
          return pid, leader
      text = b""
      def see(leader, word, count=1):
          global text
          while text.count(word) < count:
              assert select.select([leader], [], [], 30)[0], (word, text)
              text += os.read(leader, 1000)
      def states(group):
          found = []
          for name in os.listdir("/proc"):
              if name.isdigit():
                  try:
                      fields = open(f"/proc/{name}/stat").read().rsplit(")", 1)[1].split()
                  except OSError:
                      continue
                  if int(fields[2]) == group:
                      found.append(fields[0])
          return found
      chunk, count = b"0123456789abcdef" * 4096, 200
      whole = chunk * count
      for command, peer, source in (
              (f"$SHMTOOL recv {N} -q -- sh -c 'cat | cat > {F}'", ["send", N, "-q"], True),
              (f"$SHMTOOL send {N} -q -- sh -c 'cat {F}.in | cat'", ["recv", N, "-q"], False)):
          text = b""
          pid, leader = shell()
          see(leader, b"> ")
          os.write(leader, command.encode() + b"; echo code=$?\n")
          if source:
              reader, writer = os.pipe()
              other = start(*peer, stdin=reader)
              os.close(reader)
              os.write(writer, chunk)
              until(lambda: os.path.exists(F) and os.path.getsize(F) == len(chunk))
          else:
              os.mkfifo(F + ".in")
              atexit.register(lambda: os.path.exists(F + ".in") and os.unlink(F + ".in"))
              other = start(*peer)
              writer = os.open(F + ".in", os.O_WRONLY)
              os.write(writer, chunk)
              assert exactly(other.stdout, len(chunk)) == chunk
          for turn in (1, 2):
              group = os.tcgetpgrp(leader)
              assert group != pid
              os.write(leader, b"\x1a")
              see(leader, b"Stopped", turn)
              # shmtool, CMD and its stages. The shell hears of the first only: each stops when it
              # next runs.
              until(lambda: states(group) == ["T"] * 4)
              assert other.poll() is None
              os.write(leader, b"fg; echo code=$?\n")
              until(lambda: "T" not in states(group))
              assert len(states(group)) == 4, states(group)
          def rest():
              with os.fdopen(writer, "wb") as file:
                  file.write(whole[len(chunk):])
          threading.Thread(target=rest, daemon=True).start()
          if not source:
              assert chunk + other.stdout.read() == whole
          assert other.wait(60) == 0, other.stderr.read()
          see(leader, b"code=0\r\n")
          if source:
              assert open(F, "rb").read() == whole
          os.write(leader, b"exit\n")
          os.waitpid(pid, 0)
          os.close(leader)
      """#)
  }
}
