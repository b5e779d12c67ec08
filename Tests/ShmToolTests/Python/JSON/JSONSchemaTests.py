import glob
import json
import subprocess

from support import N, run


def test_independent(directory):
    import jsonschema
    check = {}
    for path in glob.glob(directory + "/*.json"):
        with open(path) as file:
            schema = json.load(file)
        jsonschema.Draft202012Validator.check_schema(schema)
        check[schema["$id"].rpartition(":")[2]] = jsonschema.Draft202012Validator(schema)
    assert len(check) == 21, sorted(check)
    for words in (["create", N, "64K"], ["fill", N, "--zero"], ["list"], ["limits"], ["wait", N],
                  ["inspect", N, "--pages"], ["wire", "--list"], ["remove", "--stale"], ["remove", N]):
        report = json.loads(run(*words, "--json").stdout)
        check[words[0]].validate(report)
        for wrong in ({**report, "more": 1}, {**report, "schema": 1}, {k: report[k] for k in ("schema", "action")}):
            assert not check[words[0]].is_valid(wrong), (words, wrong)
    failed = subprocess.run(run("inspect", N, "-J").args, capture_output=True)
    check["error"].validate(json.loads(failed.stderr.splitlines()[-1]))
