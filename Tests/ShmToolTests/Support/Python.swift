import Glibc
import ShmTestSupport
import Testing

/// Python's standard library as the other party: it maps, truncates, signals and parses without a
/// line of this project's code.
enum Python {
  /// Runs a script to its end. `run`, `start`, `line` and `stop` are there for it to use.
  static func run(
    _ script: String, _ arguments: [String], alone: Bool = false
  ) async throws -> Tool.Result {
    let words = [interpreter, "-E", "-c", prelude + script] + arguments
    guard alone, TestEnvironment.mayMount, TestEnvironment.has("unshare") else {
      return try await Tool.run(words[0], Array(words.dropFirst()))
    }
    // Of their own: /dev/shm, System V segments and processes.
    return try await Tool.run(
      "unshare",
      [
        "-m", "-i", "-p", "--fork", "--kill-child", "--propagation", "private", "sh", "-c",
        "mount -t proc proc /proc && mount -t tmpfs tmpfs /dev/shm && exec \"$@\"", "sh",
      ] + words)
  }

  /// Runs a script whose assertions must hold.
  static func check(
    _ script: String, _ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let result = try await run(script, arguments)
    if result.code != 0 {
      Issue.record("\(result.text)\n\(result.error)", sourceLocation: sourceLocation)
    }
  }

  /// The value of an expression over `d`, the report that `bytes` hold. They must be one JSON
  /// object with `"schema": 1` and snake_case keys; anything else is an issue.
  static func evaluate(
    _ expression: String, in bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> String {
    let result = try await Tool.run(
      interpreter, ["-E", "-S", "-c", parser, expression], input: bytes)
    if result.code != 0 {
      Issue.record(
        "\(result.error)\n\(String(decoding: bytes, as: UTF8.self))",
        sourceLocation: sourceLocation)
    }
    return result.text
  }

  /// The system's own, which every user may run, before one of a version manager.
  private static let interpreter =
    unsafe access("/usr/bin/python3", X_OK) == 0 ? "/usr/bin/python3" : "python3"

  private static let parser = """
    import json, re, sys
    def pairs(found):
        keys = [key for key, _ in found]
        assert len(set(keys)) == len(keys), f"a key stands twice: {keys}"
        for key in keys:
            assert re.fullmatch("[a-z][a-z0-9]*(_[a-z0-9]+)*", key), f"{key} is not snake_case"
        return dict(found)
    d = json.loads(sys.stdin.buffer.read().decode("utf-8"), object_pairs_hook=pairs)
    assert type(d) is dict and type(d.get("schema")) is int and d["schema"] == 1, "no schema 1"
    sys.stdout.write(str(eval(sys.argv[1])))
    """

  private static let prelude = """
    import atexit, ctypes, fcntl, json, mmap, os, re, select, signal, socket, stat, subprocess, sys, time
    T = os.environ["SHMTOOL"]
    N = sys.argv[1] if len(sys.argv) > 1 else ""
    P = "/dev/shm/" + N
    def run(*words, **options):
        options.setdefault("stdin", subprocess.DEVNULL) if "input" not in options else None
        return subprocess.run([T, *words], capture_output=True, timeout=60, **options)
    started = []
    def start(*words, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        started.append(subprocess.Popen(
            [T, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0, **options))
        return started[-1]
    def end_all():
        for process in started:
            if process.poll() is None:
                process.kill()
                process.wait()
    atexit.register(end_all)
    def line(stream):
        assert select.select([stream], [], [], 30)[0], "nothing came in 30 s"
        return stream.readline().decode()
    def stop(process, number=signal.SIGTERM):
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
        return process.returncode, out.decode(), err.decode()
    def wired(process):
        for text in open(f"/proc/{process}/status"):
            if text.startswith("VmLck:"):
                return int(text.split()[1]) * 1024
    def until(condition):
        end = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < end, "it has not come about in 30 s"
            time.sleep(0.005)
    def freeze(pid):
        # A signal is there at once, the stop when the process next runs.
        os.kill(pid, signal.SIGSTOP)
        until(lambda: open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] == "T")
    # A root directory with what is in the machine's, except the marks of a container, for this process
    # and what it starts. What is mounted then is mounted for these alone.
    def plain_root(without=(".dockerenv",)):
        library = ctypes.CDLL(None, use_errno=True)
        assert library.unshare(0x20000) == 0, os.strerror(ctypes.get_errno())
        names = [name for name in os.listdir("/") if name not in without]
        def mount(*words):
            subprocess.run(["mount", *words], check=True)
        mount("--make-rprivate", "/")
        mount("-t", "tmpfs", "tmpfs", "/mnt")
        for name in names:
            kind = os.lstat("/" + name).st_mode
            if stat.S_ISLNK(kind):
                os.symlink(os.readlink("/" + name), "/mnt/" + name)
            elif stat.S_ISDIR(kind):
                os.mkdir("/mnt/" + name)
                if name != "mnt":
                    mount("--rbind", "/" + name, "/mnt/" + name)
            else:
                open("/mnt/" + name, "w").close()
                mount("--bind", "/" + name, "/mnt/" + name)
        # Not chroot: a process below one may make no user namespaces.
        here = os.getcwd()
        os.mkdir("/mnt/.old")
        subprocess.run(["pivot_root", "/mnt", "/mnt/.old"], check=True)
        os.chdir(here)
        subprocess.run(["umount", "-l", "/.old"], check=True)
        os.rmdir("/.old")
    def allocated(path):
        return os.stat(path).st_blocks * 512

    """
}
