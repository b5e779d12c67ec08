import os
import stat

from faults import free, private, traced
from support import N, P


def test_errors():
    private("-t", "tmpfs", "-o", "size=16M", "tmpfs", "/dev/shm")
    room = "the kernel refuses 64 KiB ("
    table = [
        ("openat", "/dev/shm", "EMFILE", 71, "limit on open files"),
        ("openat", "/dev/shm", "ENFILE", 71, "raise fs.file-max"),
        ("openat", "/dev/shm", "EACCES", 77, "for an unknown reason"),
        ("openat", "/dev/shm", "EROFS", 77, "mounted read-only"),
        ("openat", "/dev/shm", "ENOSPC", 79, room),
        ("openat", "/dev/shm", "ENOMEM", 79, room),
        ("openat", "/dev/shm", "EIO", 74, "input/output error"),
        ("fchmod", None, "EPERM", 77, "not permitted"),
        ("fchmod", None, "EIO", 74, "input/output error"),
        ("ftruncate", None, "EPERM", 77, "not permitted"),
        ("ftruncate", None, "EFBIG", 74, "file too large"),
        ("ftruncate", None, "EIO", 74, "input/output error"),
        ("fallocate", None, "ENOSPC", 79, room),
        ("fallocate", None, "ENOMEM", 79, room),
        ("fallocate", None, "EIO", 74, "input/output error"),
        ("fallocate", None, "EFBIG", 74, "file too large"),
        ("fallocate", None, "EOPNOTSUPP", 71, "--sparse"),
        ("fallocate", None, "ENOSYS", 71, "--sparse"),
        ("fallocate", None, "EDQUOT", 79, "which exceeds a quota on /dev/shm"),
        ("fallocate", None, "EPERM", 77, "not permitted"),
        ("linkat", P, "EEXIST", 73, "the name is in use"),
        ("linkat", P, "ENOSPC", 79, room),
        ("linkat", P, "EDQUOT", 79, "which exceeds a quota on /dev/shm"),
        ("linkat", P, "EROFS", 77, "mounted read-only"),
        ("linkat", P, "EIO", 74, "input/output error"),
        ("statfs", None, "EIO", 74, "input/output error"),
    ]
    empty = free()
    for call, path, error, code, words in table:
        result = traced(f"{call}:error={error}", "create", N, "64K", path=path)
        text = result.stderr.decode()
        assert result.returncode == code and words in text, (call, error, result)
        assert text.startswith(f"shmtool: cannot create '{N}': ") and text.count("\n") == 1, text
        assert result.stdout == b"", result
        assert os.listdir("/dev/shm") == [] and free() == empty, (call, error, free())
    # What is asked for the report is asked before there is a name.
    for words in (["create", N, "64K"], ["create", N, "64K", "--open"],
                  ["create", N, "64K", "--wired", "--for", "1ms"]):
        result = traced("fstatfs:error=EPERM", *words)
        assert result.returncode == 77, (words, result)
        assert os.listdir("/dev/shm") == [] and free() == empty, (words, free())


def test_survived():
    private("-t", "tmpfs", "-o", "size=16M", "tmpfs", "/dev/shm")
    for injection, path in [
        ("openat:error=EINTR:when=1", "/dev/shm"), ("fallocate:error=EINTR:when=1..3", None),
        ("ftruncate:error=EINTR:when=1", None), ("fchmod:error=EINTR:when=1", None),
        ("linkat:error=EINTR:when=1", P), ("openat:error=EOPNOTSUPP", "/dev/shm"),
        ("openat:error=EISDIR", "/dev/shm"), ("openat:error=EINVAL", "/dev/shm"),
        ("linkat:error=EPERM", None), ("linkat:error=EACCES", None),
        ("linkat:error=ENOENT", None), ("linkat:error=ENOSYS", None), ("statx:error=ENOSYS", None),
        ("linkat:error=EINVAL", None), ("linkat:error=EOPNOTSUPP", None),
    ]:
        for words, size in [(["64K"], 65536), (["--from", "-"], 5000)]:
            result = traced(injection, "create", N, *words, path=path, input=b"hello" * 1000)
            assert result.returncode == 0, (injection, words, result)
            status = os.stat(P)
            assert (status.st_size, stat.S_IMODE(status.st_mode)) == (size, 0o600), injection
            assert status.st_blocks * 512 == (size + 4095) // 4096 * 4096, (injection, status)
            content = b"hello" * 1000 if "-" in words else bytes(65536)
            assert open(P, "rb").read() == content, (injection, words)
            os.unlink(P)
        assert os.listdir("/dev/shm") == [], injection


def test_fallback():
    private("-t", "tmpfs", "-o", "size=16M", "tmpfs", "/dev/shm")
    empty = free()
    for injection, code in [
        ("fallocate:error=ENOSPC", 79), ("fallocate:error=EIO", 74), ("ftruncate:error=EIO", 74),
        ("fchmod:error=EPERM", 77), ("pwrite64:error=ENOSPC", 79), ("pwrite64:error=EIO", 74),
    ]:
        for words in (["64K"], ["--from", "-"]):
            if "pwrite64" in injection and "-" not in words:
                continue
            result = traced(
                ["linkat:error=EPERM", injection], "create", N, *words, input=b"hello" * 1000)
            assert result.returncode == code, (injection, words, result)
            assert "its file system'" not in result.stderr.decode(), result
            assert os.listdir("/dev/shm") == [] and free() == empty, (injection, free(), empty)
