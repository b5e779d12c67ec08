"""Type-checks every Swift example of the README, the guide and the documentation comments.

    snippets.py CHECKOUT PRODUCTS [NAME]

PRODUCTS is the directory in which the package manager has built the modules. Each example becomes a
function in a file of its own, so that an example can use only what it declares itself. An example
without imports gets the module that it documents and ShmCore. With NAME, only the first example of the README is
compiled, and run with that name for its region, with a sufficient memlock limit and with a lower one.
"""

import ctypes, os, pathlib, re, resource, shutil, subprocess, sys, tempfile

checkout, products = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
modules = [path.name for path in sorted((checkout / "Sources").iterdir())
           if path.name.startswith("Shm")]


def snippets(path):
    """The examples of a file: the line of the first line of code, and the code."""
    found, begin = [], None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if path.suffix == ".swift":
            comment = re.match(r"\s*///(?: (.*))?$", line)
            if not comment:
                assert begin is None, f"{path}:{begin}: the example does not end"
                continue
            line = comment[1] or ""
        if begin is None and line.strip() == "```swift":
            begin, code = number + 1, []
        elif begin is not None and line.strip() == "```":
            found.append((begin, code))
            begin = None
        elif begin is not None:
            code.append(line)
    assert begin is None, f"{path}:{begin}: the example does not end"
    return found


def source(index, path, line, code):
    imports = [text for text in code if text.startswith("import ")]
    body = ["" if text.startswith("import ") else text for text in code]
    module = path.relative_to(checkout).parts[1:2]
    imports = imports or [f"import {name}" for name in {*module, "ShmCore"}]
    return "\n".join([
        *imports, f"func example{index}() throws {{",
        f'#sourceLocation(file: "{path.relative_to(checkout)}", line: {line})', *body,
        "#sourceLocation()", "}", ""])


def options():
    words = ["-swift-version", "6", "-I", str(products / "Modules"), "-suppress-warnings"]
    maps = [products / "CShm.build" / "module.modulemap",
            *(checkout / ".build" / "checkouts" / "swift-system").glob("Sources/*/include/*.modulemap")]
    for path in maps:
        words += ["-Xcc", f"-fmodule-map-file={path}"]
    return words


def check():
    paths = [checkout / "README.md", *sorted((checkout / "Sources").rglob("*.docc/*.md")),
             *(path for name in modules for path in sorted((checkout / "Sources" / name).rglob("*.swift")))]
    sources = []
    for path in paths:
        for line, code in snippets(path):
            name = f"example{len(sources)}.swift"
            pathlib.Path(name).write_text(source(len(sources), path, line, code))
            sources.append(name)
    # A search that finds nothing must not pass.
    assert len(sources) > 40, f"only {len(sources)} examples were found"
    result = subprocess.run(["swiftc", "-typecheck", "-continue-building-after-errors", *options(), *sources],
                            capture_output=True, text=True)
    if result.returncode:
        sys.exit(result.stderr)
    print(f"{len(sources)} examples compile")


def limited(memlock):
    """Makes the process an ordinary one with a memlock limit, as far as wiring is concerned."""
    def enter():
        # PR_CAPBSET_DROP, CAP_IPC_LOCK: a program that root starts does not get it back.
        ctypes.CDLL(None).prctl(24, 14, 0, 0, 0)
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (memlock, memlock))
    return enter


def run(tag):
    _, code = snippets(checkout / "README.md")[0]
    program = "\n".join(code).replace('"example"', f'"{tag}"')
    assert tag in program, "the example's region has another name"
    pathlib.Path("main.swift").write_text(program)
    # An object whose source was moved to another module stays in the directory of the old one.
    objects = []
    for name in [*modules, "CShm"]:
        current = {path.name for path in (checkout / "Sources" / name).rglob("*.*")}
        objects += [path for path in products.glob(f"{name}.build/**/*.o") if path.stem in current]
    for name in ["SystemPackage", "CSystem"]:
        objects += products.glob(f"{name}.build/**/*.o")
    link = subprocess.run(["swiftc", *options(), "main.swift", *map(str, objects), "-o", "example"],
                          capture_output=True, text=True)
    if link.returncode:
        sys.exit(link.stderr)
    for memlock, expected in ((8 << 20, "wired and verified: 4194304 bytes"), (1 << 20, "limit")):
        result = subprocess.run(["./example"], capture_output=True, text=True, timeout=30,
                                preexec_fn=limited(memlock))
        assert result.returncode == 0 and expected in result.stdout, (memlock, result)
        assert not os.path.exists(f"/dev/shm/{tag}"), "the example leaves its region"
    print("the README's example runs")


where = tempfile.mkdtemp()
try:
    os.chdir(where)
    check() if len(sys.argv) < 4 else run(sys.argv[3])
finally:
    shutil.rmtree(where)
