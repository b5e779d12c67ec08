import json
import os

from support import line, N, P, run, start, stop, wired


def test_held(number):
    process = start("create", N, "1M", "--wired", "--ready-fd", "1")
    assert line(process.stdout) == "ready\n"
    assert wired(process.pid) == 1 << 20, wired(process.pid)
    pages = json.loads(run("inspect", N, "--json").stdout)["regions"][0]["pages"]
    assert pages["resident"] == 1 << 20, pages
    code, out, err = stop(process, int(number))
    assert code == -int(number), (code, err)
    assert "wired 1 MiB of" in err and "checked: 1 MiB resident" in err, err
    assert os.stat(P).st_size == 1 << 20
