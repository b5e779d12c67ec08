# Files and programs with hostile names, in the operands that take these. Arguments: the shell.
import os
import shutil
import sys
import tempfile

from terminal import Shell

kind = sys.argv[2]
directory = tempfile.mkdtemp()
made, shell = [], None
try:
    shell = Shell(kind, directory)
    region = sys.argv[1]
    open("/dev/shm/" + region, "x").close()
    made.append(region)
    os.truncate("/dev/shm/" + region, 4096)
    os.mkdir(shell.work + "/di $(touch pwned)r")
    for number, tail in enumerate(["$(touch pwned)", "two words", "it's", "-x", "plain"]):
        for place, typed in [("", f"file:./q{number}"), ("di $(touch pwned)r/", f"file:./di\t\tq{number}")]:
            if "\t\t" in typed:
                # The directory first, without a blank, and then the file in it.
                typed = typed.replace("\t\t", "\t")
            path = f"{shell.work}/{place}q{number}{tail}"
            with open(path, "w") as file:
                file.write(tail)
            out = directory + "/out"
            shell.enter(f"shmtool copy {typed}\t {region}")
            with open("/dev/shm/" + region, "rb") as file:
                assert file.read(len(tail)).decode() == tail, (kind, typed, shell.seen[-3000:])
            # An option's file is completed by the shell.
            if not place:
                shell.enter(f"shmtool verify {region} --length {len(tail)} --file ./q{number}\t && echo 1 >{out}")
                assert os.path.exists(out), (kind, typed, shell.seen[-3000:])
                os.unlink(out)
            os.unlink(path)
    assert os.listdir(shell.work) == ["di $(touch pwned)r"], os.listdir(shell.work)
finally:
    if shell:
        shell.close()
    for name in made:
        os.unlink("/dev/shm/" + name)
    shutil.rmtree(directory)
