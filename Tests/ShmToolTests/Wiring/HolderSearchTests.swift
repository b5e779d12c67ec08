import Glibc
import ShmTestSupport
import Testing

@Suite("every holder is found, and ended")
struct HolderSearchTests {
  @Test("lists and ends a holder that could wire nothing")
  func nothingWired() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Wiring.check(
        """
        def rows():
            return json.loads(run("wire", "--list", N, "--json").stdout)["holders"]
        result = run("wire", N, "--best-effort", "--background", "--json", preexec_fn=limited(0))
        assert result.returncode == 0, result
        pid = json.loads(result.stdout)["holder"]
        assert wired(pid) == 0
        [row] = rows()
        assert (row["pid"], row["wired_bytes"], row["background"]) == (pid, 0, True), row
        result = run("unwire", N)
        assert result.stderr.decode() == f"unwired 0 B of '{N}', held by process {pid}\\n", result
        until(lambda: not os.path.exists(f"/proc/{pid}") or wired(pid) is None)
        assert rows() == []
        # In the foreground as well, and after its name is gone.
        process, _ = holder(N, "--best-effort", preexec_fn=limited(0))
        [row] = rows()
        assert (row["pid"], row["background"]) == (process.pid, False), row
        assert stop(process)[0] == -15
        pid = json.loads(run("wire", N, "--best-effort", "--background", "--json",
                             preexec_fn=limited(0)).stdout)["holder"]
        os.unlink(P)
        [row] = [r for r in json.loads(run("wire", "--list", "--json").stdout)["holders"]
                 if r["pid"] == pid]
        assert row["deleted"], row
        assert run("unwire", "--pid", str(pid), "-q").returncode == 0
        open(P, "wb").close()
        """, name.name)
    }
  }

  @Test(
    "lists and ends holders of huge pages, and the pool has its pages again",
    .enabled(if: TestEnvironment.hasHugePages, "needs huge pages: Scripts/test lends some"),
    .enabled(if: TestEnvironment.mayMount, "needs root with CAP_SYS_ADMIN to mount"))
  func hugePages() async throws {
    try await Wiring.check(
      """
      def wired_or_none(pid):
          try:
              return wired(pid)
          except OSError:
              return None
      def pool(name):
          return int(open(f"/sys/kernel/mm/hugepages/hugepages-2048kB/{name}").read())
      before = pool("free_hugepages")
      assert before > 0, "other processes have all huge pages of the pool"
      held = []
      place = tempfile.mkdtemp()
      subprocess.run(["mount", "-t", "hugetlbfs", "-o", "pagesize=2M", "none", place], check=True)
      try:
          region = place + "/region"
          for words in [["wire", region, "--background"], ["wire", region]]:
              assert run("create", region, "2M", "-q").returncode == 0
              if "--background" in words:
                  pid = json.loads(run(*words, "--json").stdout)["holder"]
              else:
                  process, _ = holder(region)
                  pid = process.pid
              held.append(pid)
              [row] = [r for r in json.loads(run("wire", "--list", "--json").stdout)["holders"]
                       if r["pid"] == pid]
              assert row["wired_bytes"] == row["resident_bytes"] == 2 * M, row
              assert row["inherently_unswappable"] and row["background"] == ("--background" in words)
              text = run("wire", "--list", region).stdout.decode()
              assert f"{region} (huge pages, unswappable)\\n" in text, text
              assert run("remove", region, "-q").returncode == 0
              assert pool("free_hugepages") == before - 1
              if "--background" in words:
                  result = run("unwire", "--pid", str(pid))
                  assert result.returncode == 0 and b"unwired 2 MiB" in result.stderr, result
              else:
                  assert stop(process)[0] == -15
              until(lambda: pool("free_hugepages") == before)
      finally:
          for pid in held:
              if wired_or_none(pid) is not None:
                  os.kill(pid, signal.SIGTERM)
          subprocess.run(["umount", "-l", place], check=True)
          os.rmdir(place)
      """)
  }

  @Test("names a holder that is stopped, ends all others, and exits with the first failure")
  func stopped() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Wiring.check(
        """
        def hold(*words):
            return json.loads(run("wire", *words, "--background", "--json").stdout)["holder"]
        create(N + "-b", "8K")
        pids = sorted([hold(N), hold(N), hold(N, N + "-b")])
        other = hold(N + "-b")
        try:
            freeze(pids[0])
            freeze(pids[2])
            begin = time.monotonic()
            result = run("unwire", N, N + "-b", "/" + N + "-none", "--json")
            taken = time.monotonic() - begin
            # They are waited for together, and once: 5 s, beside the looks at the host's processes.
            begin = time.monotonic()
            run("wire", "--list")
            assert taken < 9 + 4 * (time.monotonic() - begin), taken
            assert result.returncode == 124, result
            told = result.stderr.decode()
            for pid in (pids[0], pids[2]):
                assert (f"cannot end process {pid}: SIGTERM was sent, and the process has not ended "
                        "in 5 s: it is stopped; it ends when it is continued: "
                        f"'kill -CONT {pid}'") in told, told
            report = json.loads(result.stdout)
            assert sorted(r["pid"] for r in report["regions"]) == sorted([pids[1], other]), report
            assert [e["exit_status"] for e in report["errors"]] == [124, 124, 66], report
        finally:
            for pid in (pids[0], pids[2]):
                os.kill(pid, signal.SIGCONT)
                until(lambda: not os.path.exists(f"/proc/{pid}") or wired(pid) is None)
            run("unwire", N, N + "-b")
            os.unlink(P + "-b")
        """, name.name)
    }
  }

  @Test(
    "says that a holder is frozen, and in which group",
    .enabled(
      if: unsafe geteuid() == 0
        && access("/sys/fs/cgroup/freezer/cgroup.procs", W_OK) == 0,
      "needs root and the freezer of control groups, version 1"))
  func frozen() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Wiring.check(
        """
        group = f"/sys/fs/cgroup/freezer/{N}"
        os.mkdir(group)
        def write(file, text):
            with open(f"{group}/{file}", "w") as out:
                out.write(text)
        pids = sorted(json.loads(run("wire", N, "--background", "--json").stdout)["holder"]
                      for _ in range(2))
        try:
            write("cgroup.procs", str(pids[0]))
            write("freezer.state", "FROZEN")
            until(lambda: open(group + "/freezer.state").read() == "FROZEN\\n")
            result = run("unwire", N)
            told = result.stderr.decode()
            assert result.returncode == 124, result
            assert f"held by process {pids[1]}" in told, told
            assert (f"process {pids[0]}: SIGTERM was sent, and the process has not ended in 5 s: "
                    f"it is frozen in the control group /{N}; it ends when the group is thawed"
                    ) in told, told
        finally:
            write("freezer.state", "THAWED")
            until(lambda: not open(group + "/cgroup.procs").read())
            os.rmdir(group)
            run("unwire", N)
        """, name.name)
    }
  }

  @Test(
    "says that a holder of another user may not be signalled or looked at",
    .enabled("needs root, setpriv, and a binary others may run") { try await Nobody.isUsable() })
  func notPermitted() async throws {
    try await withRegion("64K", ["--mode", "666"]) { (name) async throws in
      let held = try await Tool.run("wire", name.name, "--background", "--json")
      let pid = try await Python.evaluate("d['holder']", in: held.output)
      let byRegion = try await Nobody.run("unwire", name.name)
      #expect(byRegion.code == 66)
      #expect(byRegion.error.contains("not permitted to see what background holder "))
      #expect(byRegion.error.contains(pid))
      let byNumber = try await Nobody.run("unwire", "--pid", pid)
      #expect(byNumber.code == 77)
      #expect(byNumber.error.contains("it belongs to root"))
      #expect(try await Tool.run("unwire", name.name, "-q").code == 0)
    }
  }

  @Test("is not misled by a process that only has the words of a holder")
  func impostor() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Wiring.check(
        """
        script = '''import mmap, sys
        file = open(sys.argv[1], "r+b")
        memory = mmap.mmap(file.fileno(), 0)
        print(flush=True)
        sys.stdin.read()'''
        process = subprocess.Popen(
            [sys.executable, "-c", script, P, "wire", "--background-holder"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line(process.stdout)
        assert json.loads(run("wire", "--list", N, "--json").stdout)["holders"] == []
        refused(run("unwire", N), 66, "nobody in the background has it wired")
        process.stdin.close()
        assert process.wait(30) == 0
        """, name.name)
    }
  }
}
