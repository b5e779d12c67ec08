import os
import subprocess

from streams import F, feed
from support import N, T


def test_hand_over():
    data = os.urandom(2_000_000)
    open(F, "wb").write(data)
    script = f'''
"$SHMTOOL" recv {N} --output {F}.copy & "$SHMTOOL" send {N} {F} --checksum && wait $!
'''
    try:
        result = subprocess.run(["bash", "-c", script], capture_output=True, timeout=60)
        assert result.returncode == 0 and open(F + ".copy", "rb").read() == data, result
    finally:
        os.unlink(F + ".copy")


def test_fan_out():
    data = os.urandom(1_000_000)
    open(F, "wb").write(data)
    script = f'''
for consumer in sha256sum md5sum "wc -c" cksum; do "$SHMTOOL" recv -q {N} -- $consumer & done
"$SHMTOOL" send -q {N} --receivers 4 {F} && wait
'''
    result = subprocess.run(["bash", "-c", script], capture_output=True, timeout=60)
    expected = {subprocess.run([*words.split()], stdin=open(F, "rb"), capture_output=True).stdout
                for words in ("sha256sum", "md5sum", "wc -c", "cksum")}
    assert result.returncode == 0 and set(result.stdout.splitlines(True)) == expected, result


def test_containers():
    data = os.urandom(500_000)
    open(F, "wb").write(data)
    # Namespaces of their own for processes, mounts, network, host name and IPC; /dev/shm is shared.
    box = ["unshare", "--pid", "--fork", "--mount-proc", "--net", "--uts", "--ipc"]
    receiver = subprocess.Popen([*box, T, "recv", N], stdout=subprocess.PIPE)
    sender = subprocess.Popen([*box, T, "send", N, F])
    assert receiver.communicate(timeout=30)[0] == data
    assert (receiver.returncode, sender.wait(30)) == (0, 0)
    # A directory only for the rendezvous, because each has a separate /dev/shm.
    place = F + ".d"
    os.mkdir(place, 0o700)
    try:
        own = ["unshare", "-m", "sh", "-c", 'mkdir /tmp/$$ && mount --bind "$0" /tmp/$$ && '
               'mount -t tmpfs none /dev/shm && SHMTOOL_DIR=/tmp/$$ "$@"; code=$?; umount /tmp/$$; '
               'rmdir /tmp/$$; exit $code', place, T]
        receiver = subprocess.Popen([*own, "recv", N], stdout=subprocess.PIPE)
        sender = subprocess.Popen([*own, "send", N, "-"], stdin=feed(data))
        assert receiver.communicate(timeout=30)[0] == data
        assert (receiver.returncode, sender.wait(30)) == (0, 0)
        # It was given, and may be shared: it stays.
        assert os.listdir(place) == []
    finally:
        os.rmdir(place)


def test_network():
    data = os.urandom(1_500_000)
    open(F, "wb").write(data)
    tag = str(os.getpid())
    here, there = "sa" + tag, "sb" + tag
    def ip(*words):
        subprocess.run(["ip", *words], check=True, capture_output=True)
    try:
        for space in (here, there):
            ip("netns", "add", space)
        ip("link", "add", here, "netns", here, "type", "veth", "peer", "name", there, "netns", there)
        for space, address in ((here, "10.77.0.1/24"), (there, "10.77.0.2/24")):
            ip("-n", space, "addr", "add", address, "dev", space)
            ip("-n", space, "link", "set", space, "up")
        script = f'''
    set -o pipefail
    ip netns exec {there} socat -u TCP-LISTEN:7000,reuseaddr STDOUT | "$SHMTOOL" send -q {N}.there &
    "$SHMTOOL" recv -q {N}.there --output {F}.copy & last=$!
    "$SHMTOOL" recv -q {N} -- ip netns exec {here} socat -u STDIN TCP:10.77.0.2:7000,retry=50,interval=0.1 &
    "$SHMTOOL" send -q {N} {F} && wait $last
    '''
        result = subprocess.run(["bash", "-c", script], capture_output=True, timeout=60)
        assert result.returncode == 0 and open(F + ".copy", "rb").read() == data, result
    finally:
        for space in (here, there):
            subprocess.run(["ip", "netns", "del", space], capture_output=True)
        if os.path.exists(F + ".copy"):
            os.unlink(F + ".copy")
