import Glibc
import ShmTestSupport
import Testing

/// What the tests of wiring share: Python that looks at locks, limits and pages by itself.
enum Wiring {
  /// Runs a script whose assertions must hold, as `Python.check` does, with more to use.
  static func check(
    _ script: String, _ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let result = try await Python.run(prelude + script, arguments)
    if result.code != 0 {
      Issue.record("\(result.text)\n\(result.error)", sourceLocation: sourceLocation)
    }
  }

  private static let prelude = #"""
    import re, resource, shutil, struct, tempfile, threading
    libc = ctypes.CDLL(None, use_errno=True)
    K, M, PAGE = 1 << 10, 1 << 20, mmap.PAGESIZE
    # Without CAP_IPC_LOCK (root takes it out of the bounding set, 24 is PR_CAPBSET_DROP) and with
    # a memlock limit.
    def limited(soft, hard=None):
        def prepare():
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (soft, soft if hard is None else hard))
            if os.geteuid() == 0:
                assert libc.prctl(24, 14, 0, 0, 0) == 0, "cannot drop CAP_IPC_LOCK"
        return prepare
    # `wire` that holds: the process when it has said what is wired, and what it has said.
    def holder(*words, **options):
        process = start("wire", *words, **options)
        text = line(process.stdout if "--json" in words else process.stderr)
        while "--json" in words and text and not text.endswith("\n}\n"):
            text += line(process.stdout)
        assert text.startswith(("wired", "{")), (text, process.communicate())
        return process, text
    # The mappings of the region in a process: (offset, bytes, locked, Locked:, Rss:).
    def mappings(process, path):
        found = []
        for text in open(f"/proc/{process}/smaps"):
            head = re.match(r"([0-9a-f]+)-([0-9a-f]+) \S+ ([0-9a-f]+) \S+ \d+ +(.*)\n", text)
            if head:
                begin, end, offset = (int(head[i], 16) for i in (1, 2, 3))
                mine = head[4].removesuffix(" (deleted)") == path
                if mine:
                    found.append({"at": begin, "offset": offset, "bytes": end - begin})
            elif mine:
                name, value = text.split(":", 1)
                if name in ("Locked", "Rss"):
                    found[-1][name] = int(value.split()[0]) * K
                elif name == "VmFlags":
                    found[-1]["lo"] = "lo" in value.split()
        return found
    # What a failed call must leave: no name of ours, nothing wired, one line of explanation.
    def refused(result, code, *parts):
        error = result.stderr.decode()
        assert (result.returncode, result.stdout) == (code, b""), result
        assert error.startswith("shmtool: ") and error.count("\n") == 1, error
        for part in parts:
            assert part in error, (part, error)
        return error
    def create(name, size, *words):
        result = run("create", name, str(size), "--quiet", *words)
        assert result.returncode == 0, result

    """#
}
