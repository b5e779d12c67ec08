"""Checks that SECURITY.md names at least one test suite for each claim, and that every suite exists.

    claims.py CHECKOUT
"""

import pathlib, re, sys

checkout = pathlib.Path(sys.argv[1])
suites = {match for path in (checkout / "Tests").rglob("*Tests.swift")
          for match in re.findall(r"^(?:struct|final class|enum) (\w+Tests)\b", path.read_text(), re.M)}
text = (checkout / "SECURITY.md").read_text()
rows = re.findall(r"^\| (.*) \| (.*) \|$", text.partition("\n## Claims and tests\n")[2], re.M)[2:]
assert len(rows) > 15, f"only {len(rows)} claims were found"
failed = [f"no suite for: {claim}" for claim, tests in rows if not re.search(r"`\w+Tests`", tests)]
failed += [f"there is no suite {name}" for name in sorted(set(re.findall(r"`(\w+Tests)`", text)) - suites)]
if failed:
    sys.exit("\n".join(failed))
print(len(rows), "claims have tests")
