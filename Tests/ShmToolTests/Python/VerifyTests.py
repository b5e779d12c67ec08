import json

from support import N, run


def test_length():
    run("write", N, input=b"hello", check=True)
    import tempfile
    with tempfile.NamedTemporaryFile() as file:
        for content, expected in [
            (b"hello" + bytes(3_000_000), (5, 0, 0, 3_000_000)),
            (b"hExlo!", (1, 2, 0, 1)), (b"he", (2, 0, 3, 0)), (b"", (0, 0, 5, 0)),
        ]:
            file.seek(0), file.truncate(0), file.write(content), file.flush()
            result = run("verify", N, "--file", file.name, "--json")
            assert result.returncode == 1, result
            found = json.loads(result.stdout)
            words = ["first_difference", "differing", "missing", "surplus"]
            assert tuple(found[word] for word in words) == expected, (content[:9], found)
    piped = run("verify", N, "--file", "-", "--json", input=b"hello, and more")
    assert json.loads(piped.stdout)["surplus"] is None, piped
