import atexit
import errno
import os
import subprocess
import tempfile
import time

from faults import mount, private, refuse
from support import N, P, start, started, T, until


def test_without_vfork():
    import shutil
    place = os.environ["SHMTOOL_DIR"] = tempfile.mkdtemp() + "/d"
    def clear_place():
        shutil.rmtree(os.path.dirname(place), ignore_errors=True)
    atexit.register(clear_place)
    def begin(*words, mask=0o077, calls=("vfork",), error=errno.EPERM, **options):
        enter = refuse(error, *calls)
        def before():
            os.umask(mask)
            enter()
        options.setdefault("stdin", subprocess.DEVNULL)
        started.append(subprocess.Popen([T, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        preexec_fn=before, **options))
        return started[-1]
    for error in (errno.EPERM, errno.EAGAIN, errno.ENOSYS):
        for mask in (0, 0o077, 0o177, 0o777):
            # Root passes a directory without rights, an ordinary user does not.
            shutil.rmtree(place, ignore_errors=True)
            sender = begin("send", N, "/dev/null", mask=mask, error=error)
            until(lambda: sender.poll() is not None or os.path.exists(place) and os.path.exists(f"{place}/{N}"))
            assert sender.poll() is None, (error, mask, sender.stderr.read())
            receiver = begin("recv", N, "--timeout", "20s", mask=mask, error=error)
            assert receiver.wait(30) == 0, (error, mask, receiver.stderr.read())
            assert sender.wait(30) == 0, (error, mask, sender.stderr.read())
            assert os.stat(place).st_mode & 0o777 == 0o700, (error, mask, oct(os.stat(place).st_mode))
        # A command cannot be started without it, and says so to both ends.
        for words, peer in ((["recv", N, "--", "cat"], ["send", N, "/dev/zero"]),
                            (["send", N, "--", "cat", "/dev/zero"], ["recv", N])):
            other = start(*peer)
            own = begin(*words, error=error)
            _, text = own.communicate(timeout=30)
            assert own.returncode not in (0, 70) and text.count(b"\n") == 1 and b"cat" in text, (error, own.returncode, text)
            assert other.wait(30) in (69, 76), (error, words, other.returncode)


def test_without_proc():
    private("-t", "tmpfs", "tmpfs", "/dev/shm")
    os.environ.pop("SHMTOOL_DIR", None)
    mount("-t", "tmpfs", "tmpfs", "/proc")
    place = "/dev/shm/.shmtool-0"
    # As an earlier version left it: the mode is changed by descriptor, without /proc.
    for mode in (None, 0, 0o400):
        if mode is not None:
            os.mkdir(place, 0o700)
            os.chmod(place, mode)
        sender = start("send", N, stdin=subprocess.PIPE)
        receiver = start("recv", N, "--timeout", "20s")
        sender.stdin.write(b"bytes")
        sender.stdin.close()
        assert receiver.wait(30) == 0, receiver.stderr.read()
        assert receiver.stdout.read() == b"bytes" and sender.wait(30) == 0, mode
        assert not os.path.exists(place) or os.stat(place).st_mode & 0o777 == 0o700, mode
        if os.path.exists(place):
            os.rmdir(place)
    # CMD itself is ended, although its stages cannot be seen.
    for ending, code in (("kill", 69), ("terminate", 76)):
        sender = start("send", N, stdin=subprocess.PIPE)
        receiver = start("recv", N, "--", "sh", "-c", f"cat >/dev/null; echo whole > {P}")
        sender.stdin.write(b"a beginning")
        sender.stdin.flush()
        time.sleep(0.3)
        begin = time.monotonic()
        getattr(sender, ending)()
        assert receiver.wait(30) == code, (ending, receiver.returncode, receiver.stderr.read())
        assert time.monotonic() - begin < 5 and not os.path.exists(P), ending
        sender.stdin.close()
