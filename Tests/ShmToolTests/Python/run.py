"""Runs one test: run.py FILE FUNCTION NAME [ARGUMENT]...

FILE is a file beside this one, without its ending, such as Streams/TransferTests. FUNCTION is the name
of the test in Swift: keepsHoles is test_keeps_holes here, and gets each ARGUMENT. With - the file itself
is the test. NAME is the name of the region or stream, or empty. SHMTOOL is the path of the program.
"""
import importlib
import os
import re
import runpy
import sys


def main():
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


main()
