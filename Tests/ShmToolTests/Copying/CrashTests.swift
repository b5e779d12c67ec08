import Glibc
import ShmTestSupport
import Testing

@Suite("files after a crash", .serialized)
struct CrashTests {
  private static let needs: Comment =
    "needs root, a loop device, losetup, mkfs.ext4 and mkfs.xfs"

  private static let hasLoop = unsafe access("/dev/loop-control", R_OK | W_OK) == 0

  private static let mayCrash =
    TestEnvironment.mayMount && hasLoop
    && ["losetup", "mkfs.ext4", "mkfs.xfs"].allSatisfy { TestEnvironment.has($0) }

  /// A file system on a loop device, in a mount namespace of the script's own. `crash` stops it as a loss
  /// of power does, without writing its log, and mounts it again.
  private static let device = #"""
    kind = sys.argv[2]
    base = tempfile.mkdtemp(prefix=N, dir="/tmp")
    D = base + "/mounted"
    os.mkdir(D)
    os.mkdir(base + "/memory")
    loops = []
    def release():
        subprocess.run(["umount", "-l", D], capture_output=True)
        for loop in loops:
            subprocess.run(["losetup", "-d", loop], capture_output=True)
        subprocess.run(["umount", "-l", base + "/memory"], capture_output=True)
        subprocess.run(["rm", "-rf", base])
    atexit.register(release)
    assert C.unshare(0x20000) == 0
    mount("--make-rprivate", "/")
    def make(room, size, *words):
        mount("-t", "tmpfs", "-o", f"size={room}", "tmpfs", base + "/memory")
        image = base + "/memory/image"
        with open(image, "wb") as file:
            file.truncate(size)
        subprocess.run([f"mkfs.{kind}", "-q", *words, image], check=True, capture_output=True)
        loops.append(subprocess.run(["losetup", "-f", "--show", image], check=True,
                                    capture_output=True, text=True).stdout.strip())
        mount(loops[-1], D)
    def crash():
        place = os.open(D, os.O_RDONLY)
        fcntl.ioctl(place, 0x8004587d, struct.pack("I", 2))
        os.close(place)
        subprocess.run(["umount", D], check=True)
        mount(loops[-1], D)

    """#

  @Test(
    "a command that has ended with 0 leaves the whole file; --no-sync may leave the old one or less",
    .enabled(if: mayCrash, needs), arguments: ["ext4", "xfs"])
  func crash(_ kind: String) async throws {
    try await withRegion("3M") { name in
      try await Python.checkFaults(
        Self.device + #"""
          make("400M", 320 << 20)
          data = os.urandom(3 << 20)
          with open(P, "r+b") as file:
              file.write(data)
          def receive(path, *words):
              receiver = start("recv", N, "--output", path, *words)
              sender = start("send", N, "-q", stdin=subprocess.PIPE)
              sender.communicate(data, timeout=60)
              told = receiver.communicate(timeout=60)
              assert (sender.returncode, receiver.returncode) == (0, 0), told
              return told[1]
          def read(path, *words):
              return run("read", N, "--output", path, *words).stderr
          def copy(path, *words):
              return run("copy", N, "file:" + path, *words).stderr
          for label, command in (("recv", receive), ("read", read), ("copy", copy)):
              for old in (None, b"old"):
                  for words in ([], ["--no-sync"]):
                      path = f"{D}/{label}-{old}-{len(words)}"
                      if old:
                          with open(path, "wb") as file:
                              file.write(old)
                              os.fsync(file.fileno())
                          place = os.open(D, os.O_RDONLY)
                          os.fsync(place)
                          os.close(place)
                      said = command(path, *words)
                      assert (b", not synced" if words else b", synced") in said, said
                      assert open(path, "rb").read() == data
                      crash()
                      found = open(path, "rb").read() if os.path.exists(path) else None
                      assert (found == data) != bool(words), (label, old, words, found and len(found))
          assert not [x for x in os.listdir(D) if x.startswith(".")], os.listdir(D)
          """#, arguments: [name.name, kind])
    }
  }

  @Test(
    "a device that is full when the file is brought onto it is an error, and the old file stays",
    .enabled(if: mayCrash, needs))
  func full() async throws {
    try await withRegion("40M") { name in
      try await Python.checkFaults(
        Self.device + #"""
          make("24M", 128 << 20, "-O", "^has_journal")
          for path in (D + "/kept", D + "/second"):
              with open(path, "wb") as file:
                  file.write(b"old")
                  os.fsync(file.fileno())
          with open(P, "r+b") as file:
              file.write(os.urandom(40 << 20))
          result = run("read", N, "--output", D + "/kept")
          assert result.returncode == 74 and b"cannot write" in result.stderr, result
          assert open(D + "/kept", "rb").read() == b"old"
          receiver = start("recv", N, "--output", D + "/second")
          sender = start("send", N, P)
          assert (receiver.wait(60), sender.wait(60)) == (74, 76), receiver.stderr.read()
          assert open(D + "/second", "rb").read() == b"old"
          result = run("copy", N, "file:" + D + "/third")
          assert result.returncode == 74, result
          """#, arguments: [name.name, "ext4"])
    }
  }

  @Test(
    "an error of fsync is a failure, and one of the directory's says that the file is in place",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func failures() async throws {
    try await withRegion("64K") { name in
      try await Python.checkFaults(
        #"""
        base = tempfile.mkdtemp(prefix=N, dir="/var/tmp")
        atexit.register(lambda: subprocess.run(["rm", "-rf", base]))
        path = base + "/file"
        if os.stat(base).st_dev == os.stat("/dev/shm").st_dev:
            sys.exit(0)
        for number, reason in (("EIO", b"input/output error"), ("ENOSPC", b"no space"), ("EDQUOT", b"quota")):
            with open(path, "wb") as file:
                file.write(b"old")
            result = sound(traced(f"fsync:error={number}:when=1", "read", N, "--output", path))
            assert result.returncode == 74 and reason in result.stderr, result
            assert open(path, "rb").read() == b"old"
            result = sound(traced(f"fsync:error={number}:when=2", "read", N, "--output", path))
            assert result.returncode == 74 and b"complete and in place" in result.stderr, result
            assert os.path.getsize(path) == 65536 and os.listdir(base) == ["file"]
            result = sound(traced(f"fsync:error={number}:when=1", "copy", N, "file:" + path))
            assert result.returncode == 74, result
        # Refused by a sandbox, write-back in steps is left out.
        result = traced("sync_file_range:error=ENOSYS", "read", N, "--output", path)
        assert result.returncode == 0 and b", synced" in result.stderr, result
        # What lies in memory is not waited for.
        result = traced("fsync:error=EIO", "read", N, "--output", P + ".out", "--json")
        os.unlink(P + ".out")
        assert result.returncode == 0 and json.loads(result.stdout)["synced"] is None, result
        """#, arguments: [name.name])
    }
  }
}
