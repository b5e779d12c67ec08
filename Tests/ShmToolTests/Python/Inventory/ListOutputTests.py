import json
import mmap
import os
import re
import subprocess

from inventory import memfd
from support import N, P, line, run, start, stop

# Every byte that a name in /dev/shm can have and that could break a line, a field, a shell or a pattern.
TAILS = [
    b"\ttab", b"\nline", b"\rreturn", b" two  words ", b"back\\slash", b"\\x41", b"\\", b"bad\xff\xfe", b"c1\xc2\x9b",
    "bidi\u202e".encode(), "é\u00a0ü".encode(), b"star*", b"[a]", b"?", b"$(id)`id`", b"'\"", b"%41", b"@0x10", b",=",
]
HOSTILE = [N.encode() + tail for tail in TAILS] + [
    prefix + N.encode() for prefix in (b"-", b"bytes:", b"pid:1:2", b"file:", b"stream:", b"sysv:1", b" ", b"\t", b"+")]


def restored(field):
    """What printf %b makes of a field."""
    return re.sub(rb"\\x([0-9a-f]{2})", lambda match: bytes([int(match[1], 16)]), field)


def raw(*words):
    result = run("list", "--raw", *words)
    assert result.returncode == 0 and not result.stderr, result
    assert result.stdout == b"" or result.stdout.endswith(b"\n")
    return [row.split(b"\t") for row in result.stdout.split(b"\n")[:-1]]


def rows(*words):
    result = run("list", "--json", *words)
    assert result.returncode == 0 and not result.stderr, result
    return json.loads(result.stdout)["regions"]


class Files:
    """Objects in /dev/shm, removed at the end."""

    def __init__(self, names, size=4096):
        self.names = names
        for name in names:
            with open(b"/dev/shm/" + name, "xb") as file:
                file.truncate(size)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for name in self.names:
            os.unlink(b"/dev/shm/" + name)


def inode(name):
    return os.stat(b"/dev/shm/" + name).st_ino


def test_hostile():
    with Files(HOSTILE):
        inodes = {inode(name): name for name in HOSTILE}
        found = raw("-o", "name,inode,reference,owner")
        assert all(len(row) == 4 for row in found), found
        mine = {int(row[1]): row for row in found if int(row[1]) in inodes}
        assert mine.keys() == inodes.keys(), (mine, inodes)
        for number, row in mine.items():
            assert restored(row[0]) == inodes[number], (row, inodes[number])
            assert not re.search(rb"[\s\\\x00-\x20\x7f-\xff]", row[2]), row
        # With and without -r: a reference has no backslash.
        for read in ("read -r", "read"):
            script = f'"$SHMTOOL" list -r -o reference "*{N}*" | while {read} region; do ' \
                '"$SHMTOOL" list -r -o inode "$region" || exit; ' \
                '"$SHMTOOL" inspect --json "$region" >/dev/null || exit; done'
            shown = subprocess.run(["bash", "-c", script], capture_output=True, timeout=120)
            assert shown.returncode == 0 and not shown.stderr, shown
            assert sorted(int(word) for word in shown.stdout.split()) == sorted(inodes), shown
        # Fields of blanks are no fields: the default IFS splits as tabs do.
        script = f'"$SHMTOOL" list -r -o name,size,inode "*{N}*" | ' \
            'while read -r name size inode rest; do echo "$size $inode$rest"; done'
        shown = subprocess.run(["bash", "-c", script], capture_output=True, timeout=60).stdout.decode()
        assert sorted(shown.splitlines()) == sorted(f"4096 {number}" for number in inodes), shown
    # A memfd's name has no slash: the field is exactly the name.
    for tail in TAILS:
        file = memfd(N.encode() + tail, 4096)
        number = os.fstat(file).st_ino
        row, = [row for row in raw("--pid", str(os.getpid()), "-o", "name,inode,kind,state")
                if int(row[1]) == number]
        assert restored(row[0]) == N.encode() + tail and row[2:] == [b"memfd", b"named"], row
        os.close(file)


def test_raw():
    assert run("create", N, "12345", "-q", "--mode", "640").returncode == 0
    file = os.open(P, os.O_RDWR)
    held = memfd(N, 8192)
    memory = mmap.mmap(held, 8192)
    memory[0] = 1
    names = ["kind", "size", "allocated", "resident", "swapped", "wired", "huge", "mode", "inode", "name_state"]
    wanted = sorted(["unknown" if row[name] is None else str(row[name]) for name in names] for row in rows(N + "*"))
    columns = ",".join(names).replace("name_state", "state")
    found = raw("-o", columns, N + "*")
    assert sorted([field.decode() for field in row] for row in found) == wanted, (found, wanted)
    assert len(found) == 2
    # -b changes nothing, and neither does -n.
    assert raw("-b", "-n", "-o", columns, N + "*") == found
    posix, = [row for row in raw("-o", "kind,users,used,age,key,seals,charged,owner", N + "*") if row[0] == b"posix"]
    assert str(os.getpid()).encode() in posix[1].split(b",") and posix[2] == b"yes", posix
    assert posix[3].isdigit() and posix[4] == b"-" and posix[5] == b"-", posix
    # The default columns, which end with process IDs.
    assert all(len(row) == 9 for row in raw(N + "*"))
    # Many users are all shown.
    others = [os.open(P, os.O_RDWR) for _ in range(2)]
    memory.close()
    for descriptor in (file, held, *others):
        os.close(descriptor)
    assert raw("-o", "users,used", N) == [[b"none-seen", b"unknown"]]
    # In bytes and without headings as a table, too.
    table = run("list", "-n", "-b", "-o", "size,name", N).stdout.decode().split()
    assert table == ["12345", N], table


def test_operands():
    names = [f"{N}-a1", f"{N}-a2", f"{N}-b1", f"{N}-*", f"{N}-[x]", f"{N}-x"]
    with Files([name.encode() for name in names]):
        def listed(*words, code=0):
            result = run("list", "-r", "-o", "name", *words)
            assert result.returncode == code, result
            return result.stdout.decode().split(), result.stderr.decode()
        assert listed(f"{N}-a*")[0] == names[:2]
        assert listed(f"{N}-?1", f"{N}-a1")[0] == [names[0], names[2]]
        assert listed(f"{N}-[!ax*]?")[0] == [names[2]]
        # Every form of a region.
        for form in (names[0], "/" + names[0], "/dev/shm/" + names[0], "file:/dev/shm/" + names[0],
                     "bytes:" + names[0].replace("-", "%2D")):
            assert listed(form)[0] == [names[0]], form
        os.chdir("/dev/shm")
        assert listed("./" + names[1])[0] == [names[1]]
        file = os.open("/dev/shm/" + names[1], os.O_RDONLY)
        assert listed(f"pid:{os.getpid()}:{file}")[0] == [names[1]]
        os.close(file)
        # A pattern that is a name means that name; it can be escaped to be a pattern.
        assert listed(f"{N}-*")[0] == [f"{N}-*"]
        assert listed(f"{N}-[x]")[0] == [f"{N}-[x]"]
        assert sorted(listed(f"{N}-**")[0]) == sorted(names)
        assert listed(f"{N}-[x][x]", f"{N}-none*") == ([], "")
        # An absent name is reported, the others are listed.
        out, err = listed(f"{N}-none", names[2], "stream:" + N, code=66)
        assert out == [names[2]] and err.count("\n") == 2, err
        assert f"cannot list '{N}-none': no such region" in err and "no such stream" in err, err
        out, err = listed("/etc/passwd", code=65)
        assert out == [] and "not shared memory" in err, err
        result = run("list", f"{N}-none")
        assert result.returncode == 66 and not result.stdout, result
        result = run("list", "--json", f"{N}-none", names[0])
        assert result.returncode == 66, result
        assert [row["name"] for row in json.loads(result.stdout)["regions"]] == [names[0]]
        # A region that exists and is filtered out is no error.
        assert listed("--kind", "memfd", names[0]) == ([], "")
        # No summary, which is about all regions.
        assert b"Shmem" not in run("list", names[0]).stdout
    # Names of memfds.
    held = memfd(f"{N}-held", 4096)
    assert listed(f"{N}-hel*")[0] == [f"{N}-held"] and listed(f"{N}-held")[0] == [f"{N}-held"]
    # A reference means its region, and no other of that name.
    with Files([f"{N}-held".encode()]):
        def kinds(word):
            return sorted(run("list", "-r", "-o", "kind", word).stdout.decode().split())
        assert kinds(f"{N}-held") == kinds(f"/{N}-held") == ["posix"]
        assert kinds(f"{N}-hel*") == ["memfd", "posix"]
        assert kinds(f"pid:{os.getpid()}:{held}") == ["memfd"]
    os.close(held)


def test_filters():
    assert run("create", N, "64K", "-q").returncode == 0
    held = memfd(N, 4096)
    other = start("map", N)
    line(other.stdout)
    def kinds(*words):
        return sorted({row["kind"] for row in rows(*words) if N in (row["name"] or "")})
    assert kinds("--kind", "posix,memfd") == ["memfd", "posix"]
    assert kinds("--kind", "memfd", "--kind", "posix, stream") == ["memfd", "posix"]
    assert kinds("--kind", "sysv,posix") == ["posix"]
    me, them = str(os.getpid()), str(other.pid)
    assert kinds("--pid", me) == ["memfd"] and kinds("--pid", them) == ["posix"]
    assert kinds("--pid", f"{me},{them}") == ["memfd", "posix"]
    assert kinds("--pid", me, "--pid", f" {them}") == ["memfd", "posix"]
    assert kinds("--pid", f"{me},{them}", "--kind", "posix") == ["posix"]
    os.close(held)
    assert stop(other)[0] in (-15, 143)
    assert run("list", "--pid", f"{me},{them}").returncode == 66


def test_columns():
    assert run("create", N, "64K", "-q").returncode == 0
    def headings(*words):
        result = run("list", *words, N)
        assert result.returncode == 0, result
        return result.stdout.decode().splitlines()[0].split()
    default = headings()
    assert headings("-o", "+inode") == default + ["INODE"]
    assert headings("--output=+inode, reference,name") == default + ["INODE", "REFERENCE"]
    assert headings("-o", "name, size,  Owner") == ["NAME", "SIZE", "OWNER"]
    assert headings("-o", "size,name,size") == ["SIZE", "NAME"]
    everything = headings("-o", "all")
    assert len(everything) > 15 and set(default) < set(everything) and everything == headings("-o", "ALL,name")
    # The help names each column.
    text = run("list", "--help").stdout.decode()
    for name in everything:
        assert re.search(rf"^  {name.lower()} ", text, re.M), name
    error = run("list", "-o", "name,owners").stderr.decode()
    assert "unknown column 'owners' for -o; did you mean 'owner'? (see" in error, error
    # Without a suggestion, the columns are listed.
    for words, known in ((("-o", "name,xyzzy"), ", all ("), (("-o", ""), ", all ("), (("--sort", "xyzzy"), "users (")):
        error = run("list", *words).stderr.decode()
        assert "the columns are kind, name" in error and known in error, error
    assert run("list", "-n", N).stdout.decode().split()[0] == "posix"


def test_order():
    sizes = {f"{N}-{letter}": size for letter, size in zip("dbac", (4096, 8192, 4096, 12288))}
    for name, size in sizes.items():
        assert run("create", name, str(size), "-q").returncode == 0
    try:
        def names(*words):
            result = run("list", "-r", "-o", "name", *words, N + "-*")
            assert result.returncode == 0, result
            return [name[-1] for name in result.stdout.decode().split()]
        assert names() == list("abcd") and names("--sort", "-name") == list("dcba")
        assert names("--sort", "size") == list("cbad")
        for form in (["--sort", "-size"], ["--sort=-size"], ["--sort", "-SIZE"]):
            assert names(*form) == list("adbc"), form
        assert names("--sort", "size,-name") == list("cbda") and names("--sort", "-size, -name") == list("dabc")
        assert names("--sort", "kind,owner,inode") == list("dbac")
    finally:
        for name in sizes:
            run("remove", name, "-q")


def test_members():
    assert run("create", N, "64K", "-q").returncode == 0
    full, = rows(N)
    for columns, keys in [
            ("name,size", {"name", "size"}), ("size", {"size"}), ("age,state", {"age_seconds", "name_state"}),
            ("key,creator", {"segment"}), ("users,used,reference", {"users", "used", "reference"}),
            ("name, owner,mode", {"name", "owner", "mode"})]:
        row, = rows("-o", columns, N)
        assert row.keys() == keys, (columns, row)
        for key in keys - {"age_seconds"}:
            assert row[key] == full[key], (key, row, full)
    row, = rows("-o", "+inode", N)
    assert row["inode"] == os.stat(P).st_ino and "device" not in row and row["size"] == 65536, row
    report = json.loads(run("list", "--json", "-o", "name").stdout)
    assert report["account"]["shmem"] > 0 and {frozenset(row) for row in report["regions"]} == {frozenset({"name"})}
    assert run("list", "--json", "-o", "device").returncode == 64


def test_others():
    assert run("create", N + " x", "64K", "-q").returncode == 0
    try:
        holder = start("wire", N + " x")
        line(holder.stderr)
        listed = run("wire", "--list", "-r")
        assert listed.returncode == 0, listed
        row, = [row.split("\t") for row in listed.stdout.decode().splitlines() if row.split("\t")[0] == str(holder.pid)]
        reference = "bytes:" + N + "%20x"
        assert row == [str(holder.pid), "shmtool", "65536", "65536", "process", reference, "-"], row
        for words in (["-n"], ["--no-headings", "-b"]):
            text = run("wire", "--list", *words, N + " x").stdout.decode()
            assert text.split()[0] == str(holder.pid) and text.count("\n") == 1, text
            assert ("65536" in text) == ("-b" in words), text
        assert run("wire", "--list", N + " x").stdout.decode().split()[0] == "PID"
        assert stop(holder)[0] in (-15, 143)
        # Runs of pages.
        with open(f"{P} x", "r+b") as file:
            file.truncate(0)
            file.truncate(65536)
            file.seek(16384)
            file.write(b"x" * 8192)
        listed = run("inspect", "--pages", "-r", N + " x")
        assert listed.returncode == 0, listed
        found = [row.split("\t") for row in listed.stdout.decode().splitlines()]
        assert [row[:4] for row in found] == [
            [reference, "0", "16384", "4"], [reference, "16384", "8192", "2"], [reference, "24576", "40960", "10"]]
        assert [row[4].split(",")[0] for row in found] == ["hole", "resident", "hole"], found
        assert all(len(row) == 6 and " " not in row[4] + row[5] for row in found), found
        assert run("inspect", "--json", found[0][0]).returncode == 0
        plain = run("inspect", "--pages", N + " x").stdout.decode()
        bare = run("inspect", "--pages", "-n", N + " x").stdout.decode()
        assert "OFFSET" in plain and "OFFSET" not in bare and "16384" in bare
    finally:
        run("remove", N + " x", "-q")
