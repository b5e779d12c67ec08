import Glibc
import ShmTestSupport
import Testing

@Suite("wire -- CMD")
struct WireCommandTests {
  @Test(
    "ends with the command's code", arguments: [("exit 0", 0), ("exit 7", 7), ("exit 255", 255)])
  func codes(_ script: String, _ code: Int32) async throws {
    try await withRegion { (name) async throws in
      let result = try await Tool.run("wire", name.name, "-q", "--", "sh", "-c", script)
      #expect(result.code == code)
      #expect(!result.isSignaled)
      #expect(result.error.isEmpty)
    }
  }

  @Test("ends with 128 and the signal's number where a signal ended the command")
  func killed() async throws {
    try await withRegion { (name) async throws in
      let result = try await Tool.run("wire", name.name, "--", "sh", "-c", "kill -KILL $$")
      #expect(result.code == 137)
      #expect(!result.isSignaled)
    }
  }

  @Test("says what cannot be run, and what is not there")
  func missing() async throws {
    try await withRegion { (name) async throws in
      let missing = try await Tool.run("wire", name.name, "-q", "--", "no-such-command-here")
      #expect(missing.code == 127)
      #expect(
        missing.error
          == "shmtool: cannot run 'no-such-command-here': there is no such command\n")
      let directory = try await Tool.run("wire", name.name, "-q", "--", "/")
      #expect(directory.code == 126)
      #expect(directory.error.hasPrefix("shmtool: cannot run '/': "))
    }
  }

  @Test("hands the regions on as open descriptors, and holds them wired meanwhile")
  func descriptors() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Wiring.check(
        """
        create(N + "-b", "8K")
        try:
            result = run("wire", N, N + "-b", "-q", "--", "sh", "-c", '''
                echo $SHMTOOL_FDS
                stat -Lc %s /proc/self/fd/3 /proc/self/fd/4
                ls /proc/self/fd | wc -l
                grep VmLck: /proc/$PPID/status | tr -d "\\t"
                ''')
            # 0 to 4, and the directory that ls reads.
            assert result.stdout == b"2\\n65536\\n8192\\n6\\nVmLck:      72 kB\\n", result
        finally:
            os.unlink(P + "-b")
        """, name.name)
    }
  }

  @Test("passes on the signals that it gets, and outlives a command that stops and goes on")
  func signals() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Wiring.check(
        """
        # Waited for, not handled: a handler's turn may come only after the sleep that it should end.
        script = '''import os, signal
        numbers = signal.pthread_sigmask(signal.SIG_BLOCK, {1, 2, 15}) or {1, 2, 15}
        print(os.getpid(), flush=True)
        print("got", int(signal.sigwait(numbers)), flush=True); os._exit(9)'''
        for number in (1, 2, 15):
            process = start("wire", N, "-q", "--", sys.executable, "-c", script)
            child = int(line(process.stdout))
            if number == 15:
                freeze(child)
                time.sleep(0.3)
                assert process.poll() is None and wired(process.pid) == 64 * K
                os.kill(child, signal.SIGCONT)
            code, out, err = stop(process, number)
            assert (code, out, err) == (9, f"got {number}\\n", ""), (code, out, err)
        """, name.name)
    }
  }

  @Test("leaves the command alone where it is killed itself")
  func abandoned() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Wiring.check(
        """
        process = start("wire", N, "-q", "--", "sh", "-c", "echo $$; exec cat", stdin=subprocess.PIPE)
        child = int(line(process.stdout))
        process.kill()
        process.wait()
        # The command goes on with its own standard input, and ends with it.
        os.kill(child, 0)
        process.stdin.close()
        until(lambda: not os.path.exists(f"/proc/{child}"))
        """, name.name)
    }
  }
}
