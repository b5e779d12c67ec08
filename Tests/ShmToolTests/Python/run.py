"""Runs one test: run.py FILE FUNCTION NAME [ARGUMENT]...

FILE is a file beside this one, without its ending, such as Streams/TransferTests. FUNCTION is the name
of the test in Swift: keepsHoles is test_keeps_holes here, and gets each ARGUMENT. With - the file itself
is the test. NAME is the name of the region or stream, or empty. SHMTOOL is the path of the program.
SHMTOOL_REPORTS is a file to which each parsed report of the program is appended, for its schema to be checked.

The exit status is 77, and the last line of stderr the reason, if the test runs a program that is not installed.
"""
import importlib
import json
import os
import re
import runpy
import subprocess
import sys
import traceback


# Each text that is parsed and is a report of the program, as a string of JSON on a line.
def record_reports(path):
    file = open(path, "a", buffering=1)
    parse = json.loads

    def loads(text, **options):
        value = parse(text, **options)
        if isinstance(value, dict) and "schema" in value:
            text = text if isinstance(text, str) else bytes(text).decode("utf-8", "replace")
            file.write(json.dumps(text) + "\n")
        return value
    json.loads = loads


def main():
    if "SHMTOOL_REPORTS" in os.environ:
        record_reports(os.environ.pop("SHMTOOL_REPORTS"))
    here = os.path.dirname(os.path.abspath(__file__))
    file, function, *arguments = sys.argv[1:]
    path = os.path.join(here, file + ".py")
    sys.argv[:] = [path, *arguments]
    sys.path[:1] = [os.path.dirname(path), os.path.join(here, "Support")]
    if function == "-":
        runpy.run_path(path, run_name="__main__")
        return
    module = importlib.import_module(os.path.basename(file))
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", function)
    getattr(module, "test_" + words.lower())(*sys.argv[2:])


# Whether an error is that of subprocess about a name without a slash, which is not in PATH.
def is_missing_program(error):
    caller = traceback.extract_tb(error.__traceback__)[-1].filename
    return caller == subprocess.__file__ and "/" not in os.fsdecode(error.filename or "/")


try:
    main()
except FileNotFoundError as error:
    if not is_missing_program(error):
        raise
    print("needs", os.fsdecode(error.filename), file=sys.stderr)
    sys.exit(77)
