import os

from support import N, run, start, stop, until


def test_slashes():
    suffix = N.replace("shmtool-test", "")
    names = ["file:" + N, "pid:1:" + suffix[1:].split("-")[0], "sysv:" + suffix[1:].split("-")[0],
             "-" + N, N + "@0x10", N + "@4K"]
    wanted = ["/" + names[0], "/" + names[1], "/" + names[2], "/" + names[3], names[4], names[5]]
    made = []
    def offered(line):
        told = run("---complete", "fish", "shmtool " + line)
        return [r.split(b"\t")[0].decode() for r in told.stdout.split(b"\0")[1:-1]]
    try:
        for name in names:
            open("/dev/shm/" + name, "x").close()
            made.append(name)
        all = offered("inspect ")
        for name, word in zip(names, wanted):
            assert word in all and (word == name or name not in all), (name, all)
            assert offered("inspect '/" + name) == ["/" + name], name
        assert "/" + N + "@4K@0" in offered("copy "), offered("copy ")
        assert offered("remove " + N + "@") == [N + "@0x10", N + "@4K"] or set(
            offered("remove " + N + "@")) == {N + "@0x10", N + "@4K"}
    finally:
        for name in made:
            os.unlink("/dev/shm/" + name)


def test_streams():
    import tempfile
    with tempfile.TemporaryDirectory() as place:
        environment = dict(os.environ, SHMTOOL_DIR=place)
        sender = start("send", N + " $(x)", "-q", env=environment)
        until(lambda: os.listdir(place))
        for command in ["recv", "receive", "remove"]:
            told = run("---complete", "fish", "shmtool " + command + " " + N[:-1], env=environment)
            assert told.stdout == b"words\0" + N.encode() + b" $(x)\tstream\0", told
        assert sender.poll() is None
        stop(sender)
