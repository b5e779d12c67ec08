import ShmTestSupport
import Testing

@Suite("a sandbox that refuses a system call", .serialized)
struct SandboxFaultTests {
  @Test(
    "changes nothing where there is another way",
    arguments: [
      ("ENOSYS", "cachestat"), ("EPERM", "cachestat"), ("EPERM", "inotify_init1"),
      ("ENOSYS", "inotify_add_watch"), ("EPERM", "process_vm_readv"),
      ("ENOSYS", "process_vm_writev"), ("EPERM", "madvise"), ("ENOSYS", "statx"),
      ("EPERM", "linkat"), ("ENOSYS", "linkat"), ("EPERM", "O_TMPFILE"), ("ENOSYS", "O_TMPFILE"),
      ("EPERM", "prlimit64"),
    ])
  func fallback(_ error: String, _ call: String) async throws {
    try await withName { (name) async throws in
      try await Python.checkFaults(
        """
        number, call = getattr(errno, sys.argv[2]), sys.argv[3]
        assert NUMBERS, "the numbers of this machine's calls are not known to the test"
        if call == "O_TMPFILE":
            number = errno.EOPNOTSUPP if number == errno.ENOSYS else number
            enter = refuse(number, tmpfile=True)
        else:
            enter = refuse(number, call)
        def good(*words, **options):
            result = run(*words, preexec_fn=enter, **options)
            assert result.returncode == 0, (words, result)
            return result.stdout
        good("create", N, "--from", "-", "--mode", "640", input=b"hello" * 3000)
        assert open(P, "rb").read() == b"hello" * 3000
        assert stat.S_IMODE(os.stat(P).st_mode) == 0o640
        assert run("create", N, "4K", preexec_fn=enter).returncode == 73
        good("remove", N)
        good("create", N, "64K")
        assert allocated(P) == 65536
        good("fill", N, "--random", "--threads", "2")
        good("verify", N, "--random", "--threads", "2")
        assert good("read", N) == open(P, "rb").read()
        good("write", N, input=b"hello")
        good("resize", N, "128K")
        good("map", N, "--", "true")
        [region] = json.loads(good("inspect", N, "--json"))["regions"]
        assert region["size"] == 131072, region
        assert region["pages"]["allocated"] in (131072, None), region
        good("wait", N, "--size", "128K", "--timeout", "5s")
        if call != "prlimit64":
            process = start("wait", N, "--removed", "--timeout", "30s", preexec_fn=enter)
            time.sleep(0.05)
            os.unlink(P)
            assert process.wait(30) == 0, process.communicate()
        """, arguments: [name.name, error, call])
    }
  }

  @Test(
    "is a clear error where there is no other way, and nothing is left",
    arguments: [
      ("EPERM", "memfd_create"), ("ENOSYS", "mlock"), ("EPERM", "mlock"), ("ENOSYS", "mlock2"),
      ("EPERM", "fallocate"), ("ENOSYS", "fallocate"), ("ENOSYS", "signalfd4"),
      ("EPERM", "pidfd_open"), ("ENOSYS", "mincore"), ("EPERM", "prlimit64"),
    ])
  func clear(_ error: String, _ call: String) async throws {
    try await withRegion { (name) async throws in
      try await Python.checkFaults(
        """
        number, call = getattr(errno, sys.argv[2]), sys.argv[3]
        assert NUMBERS, "the numbers of this machine's calls are not known to the test"
        enter = refuse(number, call)
        must_fail = {
            "memfd_create": [["map", "--anonymous", "64K", "--", "true"]],
            "fallocate": [["create", N + "-x", "64K"], ["create", N + "-x", "--from", "-"],
                          ["resize", N, "128K"]],
            "mlock": [["wire", N, "--for", "10ms"]],
        }.get(call, [])
        before = set(os.listdir("/dev/shm"))
        for words in must_fail:
            result = sound(run(*words, preexec_fn=enter, input=b"x"), words)
            assert result.returncode in (71, 77, 78), (words, result)
            told = result.stderr.decode()
            assert re.search("not permitted|not implemented|not supported|sandbox|limit", told), told
            assert not re.search(r"error \\d", told), told
        for words in (["create", N + "-y", "4K", "--sparse"], ["remove", N + "-y"], ["inspect", N],
                      ["inspect", N, "--json"], ["list", "--json"], ["read", N], ["write", N],
                      ["fill", N, "--zero"], ["verify", N, "--zero"], ["map", N, "--", "true"],
                      ["wire", N, "--for", "10ms"], ["limits"], ["limits", "--json"],
                      ["wait", N, "--timeout", "10ms"], ["remove", "--unused", N + "-none"]):
            result = sound(run(*words, preexec_fn=enter), call, words)
            if "--json" in words and result.stdout:
                assert json.loads(result.stdout)["schema"] == 1
        assert not os.path.exists(P + "-x") and not os.path.exists(P + "-y")
        assert os.stat(P).st_size == 65536
        """, arguments: [name.name, error, call])
    }
  }
}
