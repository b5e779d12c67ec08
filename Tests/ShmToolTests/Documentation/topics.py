"""Checks that a catalog's topics name every public type of its module, and every member that the
module adds to types of other modules.

    topics.py MODULE.symbols.json CATALOG
"""

import json, pathlib, re, sys

graph, catalog = json.loads(pathlib.Path(sys.argv[1]).read_text()), pathlib.Path(sys.argv[2])
topics = "".join(path.read_text().partition("\n## Topics\n")[2] for path in catalog.glob("*.md"))
curated = set(re.findall(r"^- ``(\w+)``$", topics, re.MULTILINE))
public = {symbol["pathComponents"][0] for symbol in graph["symbols"]
          if len(symbol["pathComponents"]) == 1}
assert public, f"{sys.argv[1]} contains no symbol"
if public - curated:
    sys.exit(f"{catalog}: in no topic: {', '.join(sorted(public - curated))}")

added = {(path.name.split("@")[1].partition(".")[0], *symbol["pathComponents"])
         for path in pathlib.Path(sys.argv[1]).parent.glob(f"{catalog.stem}@Shm*.symbols.json")
         for symbol in json.loads(path.read_text())["symbols"]
         if len(symbol["pathComponents"]) == 2 and symbol["kind"]["identifier"] != "swift.extension"}
missing = sorted("/".join(name) for name in added if f"- ``{'/'.join(name)}" not in topics)
if missing:
    sys.exit(f"{catalog}: in no topic: {', '.join(missing)}")
