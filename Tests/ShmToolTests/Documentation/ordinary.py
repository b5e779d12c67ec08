"""Runs a script of this folder again as nobody, with a memlock limit of 8 MiB, if the caller is root."""

import os, pathlib, shutil, subprocess, sys, tempfile

HERE = pathlib.Path(__file__).parent
MEMLOCK = 8 << 20
WHO = "as an ordinary user" if os.geteuid() else "as root"


def run_again(page, *words):
    """Copies the files that the user nobody needs to a place that this user can read, and runs the script there."""
    if os.geteuid():
        return
    drop = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups",
            "prlimit", f"--memlock={MEMLOCK}:{MEMLOCK}"]
    # Not in TMPDIR, which may be closed to other users.
    with tempfile.TemporaryDirectory(dir="/tmp") as top:
        home = pathlib.Path(top, "home")
        home.mkdir()
        for path in (*HERE.glob("*.py"), page, os.environ["SHMTOOL"]):
            shutil.copy(path, top)
        for path in (pathlib.Path(top), *pathlib.Path(top).iterdir()):
            path.chmod(0o755)
        shutil.chown(home, "nobody", "nogroup")
        tool = f"{top}/{os.path.basename(os.environ['SHMTOOL'])}"
        # A container may lack the user or the right to become this user.
        if not shutil.which("setpriv") or subprocess.run([*drop, "true"], capture_output=True, cwd="/").returncode:
            print("not run as an ordinary user: needs setpriv and the user nobody")
            return
        python = "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else "python3"
        compiler = os.path.dirname(shutil.which("clang") or "/bin/clang")
        again = subprocess.run(
            [*drop, python, "-E", "-B", f"{top}/{os.path.basename(sys.argv[0])}", f"{top}/{page.name}", *words],
            cwd=home, capture_output=True, text=True,
            env={"SHMTOOL": tool, "HOME": str(home), "TMPDIR": str(home),
                 "PATH": f"{top}:/usr/local/bin:/usr/bin:/bin:{compiler}"})
        print(again.stdout, end="")
        if again.returncode:
            sys.exit(again.stderr)
