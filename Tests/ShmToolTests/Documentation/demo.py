"""Runs Scripts/demo with a small file: as root, and again as nobody.

    demo.py SCRIPT
"""

import os, pathlib, re, subprocess, sys, tempfile

from ordinary import run_again, WHO

script = pathlib.Path(sys.argv[1]).resolve()
with tempfile.TemporaryDirectory() as directory:
    pathlib.Path(directory, "file").write_bytes(os.urandom(2 << 20))
    result = subprocess.run([script, "file"], cwd=directory, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            timeout=120)
sections = re.findall(r"^(\d)\. ", result.stdout, re.M)
if result.returncode or sections != list("1234567") or "both checksums are " not in result.stdout:
    sys.exit(f"{WHO}: exit status {result.returncode}\n{result.stdout}\n{result.stderr}")
print("the demo works", WHO)
run_again(script)
