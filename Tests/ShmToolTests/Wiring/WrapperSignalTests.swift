import Glibc
import ShmTestSupport
import Testing

@Suite("signals of commands that run CMD")
struct WrapperSignalTests {
  /// A CMD that blocks all signals, says that it runs, and tells which signal comes first.
  private static let script = #"""
    waiter = '''import os, signal, sys
    numbers = signal.valid_signals() - {signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    print("ready", file=sys.stderr, flush=True)
    found = signal.sigwaitinfo(numbers)
    print("got", found.si_signo, file=sys.stderr, flush=True)
    os._exit(9)'''
    def commands():
        yield "wire", ["wire", N, "-q"]
        yield "map", ["map", N]
        yield "create", ["create", N + "-new", "64K", "--wired", "-q"]
    def begin(words):
        process = start(*words, "--", sys.executable, "-c", waiter)
        assert line(process.stderr) == "ready\n"
        return process

    """#

  @Test(
    "every signal that can be passed on reaches CMD, whose status is the wrapper's",
    arguments: [
      "SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM",
      "SIGPROF", "SIGPIPE", "SIGCONT", "SIGWINCH", "SIGURG", "SIGIO", "SIGPWR", "SIGXCPU",
      "SIGXFSZ", "SIGABRT", "SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGTRAP", "SIGSYS",
      "SIGRTMIN", "SIGRTMAX",
    ])
  func each(_ signal: String) async throws {
    try await withRegion("64K") { (name) async throws in
      try await Wiring.check(
        Self.script + """
          number = getattr(signal, sys.argv[2])
          try:
              for name, words in commands():
                  process = begin(words)
                  code, out, err = stop(process, number)
                  assert (code, err) == (9, f"got {int(number)}\\n"), (name, code, out, err)
          finally:
              if os.path.exists(P + "-new"):
                  os.unlink(P + "-new")
          """, name.name, signal)
    }
  }

  @Test("the value of a queued signal reaches CMD")
  func value() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Wiring.check(
        """
        script = '''import ctypes, os, signal, struct
        libc = ctypes.CDLL(None)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGRTMIN + 3})
        print(flush=True)
        info = ctypes.create_string_buffer(128)
        mask = struct.pack("16Q", 1 << signal.SIGRTMIN + 3 - 1, *[0] * 15)
        number = libc.sigwaitinfo(mask, info)
        print(number - signal.SIGRTMIN, struct.unpack_from("iii", info)[2], struct.unpack_from("q", info, 24)[0])
        '''
        process = start("wire", N, "-q", "--", sys.executable, "-c", script)
        line(process.stdout)
        class Value(ctypes.Union):
            _fields_ = [("number", ctypes.c_int), ("pointer", ctypes.c_void_p)]
        value = Value()
        value.pointer = 77
        assert libc.sigqueue(process.pid, signal.SIGRTMIN + 3, value) == 0
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out) == (0, b"3 -1 77\\n"), (out, err)
        """, name.name)
    }
  }

  @Test("wired pages stay wired while a signal is handled")
  func staysWired() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Wiring.check(
        """
        script = '''import signal, sys, time
        signal.signal(signal.SIGUSR1, lambda *_: print("handled", flush=True))
        signal.signal(signal.SIGUSR2, lambda *_: sys.exit(0))
        print(flush=True)
        while True: time.sleep(0.02)'''
        process = start("wire", N, "-q", "--", sys.executable, "-c", script)
        line(process.stdout)
        for _ in range(3):
            process.send_signal(signal.SIGUSR1)
            assert line(process.stdout) == "handled\\n"
            assert wired(process.pid) == 64 * K and process.poll() is None
        assert stop(process, signal.SIGUSR2)[0] == 0
        """, name.name)
    }
  }

  @Test("SIGTSTP stops CMD and the wrapper, and SIGCONT continues both")
  func jobControl() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Wiring.check(
        """
        def state(pid):
            return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0]
        for words in (["wire", N, "-q"], ["map", N]):
            # Not in an orphaned group: there the kernel stops nobody by SIGTSTP.
            process = start(*words, "--", "sh", "-c", "echo $$; exec sleep 60", process_group=0)
            child = int(line(process.stdout))
            for number in (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):
                process.send_signal(number)
                until(lambda: state(child) == "T" and state(process.pid) == "T")
                if words[0] == "wire":
                    assert wired(process.pid) == 64 * K
                process.send_signal(signal.SIGCONT)
                until(lambda: state(child) == "S" and state(process.pid) == "S")
            assert stop(process)[0] == 143
        """, name.name)
    }
  }

  @Test("a key of the terminal reaches CMD once, and the wrapper lives on", arguments: [3, 28])
  func terminal(_ key: Int) async throws {
    try await withRegion("64K") { (name) async throws in
      try await Wiring.check(
        """
        import pty
        script = '''import signal, time
        count = 0
        def handle(*_):
            global count
            count += 1
        for number in (signal.SIGINT, signal.SIGQUIT):
            signal.signal(number, handle)
        print("ready", flush=True)
        end = time.monotonic() + 30
        while count == 0 and time.monotonic() < end: time.sleep(0.01)
        time.sleep(0.3)
        print("count", count, flush=True)'''
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(T, [T, "wire", N, "-q", "--", sys.executable, "-c", script])
        text = b""
        def read_until(part):
            global text
            end = time.monotonic() + 30
            while part not in text:
                assert time.monotonic() < end, text
                if select.select([terminal], [], [], 1)[0]:
                    text += os.read(terminal, 1000)
        read_until(b"ready")
        os.write(terminal, bytes([int(sys.argv[2])]))
        read_until(b"\\n")
        text = text[text.index(b"ready") + 5:]
        read_until(b"count ")
        while not text.endswith(b"\\n"):
            text += os.read(terminal, 1000)
        until(lambda: os.waitpid(pid, os.WNOHANG)[0] == pid)
        assert b"count 1" in text, text
        """, name.name, "\(key)")
    }
  }

  @Test(
    "send and recv pass on what does not end a stream",
    arguments: ["SIGUSR1", "SIGUSR2", "SIGALRM"])
  func streams(_ signal: String) async throws {
    try await withName { (name) async throws in
      try await Wiring.check(
        """
        number = getattr(signal, sys.argv[2])
        producer = '''import os, signal, sys
        signal.pthread_sigmask(signal.SIG_BLOCK, {int(sys.argv[1])})
        os.write(2, b"ready\\\\n")
        signal.sigwait({int(sys.argv[1])})
        os.write(1, b"told")'''
        consumer = '''import os, signal, sys
        signal.pthread_sigmask(signal.SIG_BLOCK, {int(sys.argv[1])})
        os.write(2, b"ready\\\\n")
        signal.sigwait({int(sys.argv[1])})
        os.write(2, sys.stdin.buffer.read() + b" and heard\\\\n")'''
        receiving = start("recv", N, "-q", "--", sys.executable, "-c", consumer, str(int(number)))
        sending = start("send", N, "-q", "--", sys.executable, "-c", producer, str(int(number)))
        assert line(sending.stderr) == "ready\\n" and line(receiving.stderr) == "ready\\n"
        sending.send_signal(number)
        receiving.send_signal(number)
        out, err = receiving.communicate(timeout=30)
        assert (receiving.returncode, err) == (0, b"told and heard\\n"), err
        assert sending.wait(30) == 0, sending.communicate()
        """, name.name, signal)
    }
  }

  @Test("SIGQUIT ends a stream like SIGTERM: the peer is told, and CMD is ended")
  func quit() async throws {
    try await withName { (name) async throws in
      try await Wiring.check(
        """
        receiving = start("recv", N, "-q", "--", "sh", "-c", "echo $$ >&2; exec cat")
        sending = start("send", N, "-q", "--", "sh", "-c", "echo $$ >&2; exec sleep 60")
        child = int(line(sending.stderr))
        line(receiving.stderr)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        assert stop(sending, signal.SIGQUIT)[0] == -signal.SIGQUIT
        until(lambda: not os.path.exists(f"/proc/{child}"))
        assert receiving.wait(30) == 76, receiving.communicate()
        """, name.name)
    }
  }

  @Test("a signal that the wrapper was started to ignore is ignored by both")
  func ignored() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Wiring.check(
        """
        process = start(
            "wire", N, "-q", "--", "sh", "-c", "echo; exec sleep 60",
            preexec_fn=lambda: [signal.signal(n, signal.SIG_IGN) for n in (1, 10)])
        line(process.stdout)
        for number in (1, 10):
            process.send_signal(number)
        time.sleep(0.2)
        assert process.poll() is None
        assert stop(process)[0] == 143
        """, name.name)
    }
  }
}
