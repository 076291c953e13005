#!/usr/bin/env python3
"""Who may include whom, checked over every #include of the project.

The core is layers in a row; a layer includes its own headers and those of the layers that the
table names, all left of it. Adapters, programs, examples and benches see the public headers, and
their own folder.
"""
import pathlib
import re
import sys

# Layer by layer, what it may include besides itself. Policy is arithmetic without state: no window.
CORE = {
    "base": [],
    "window": ["base"],
    "limits": ["base", "window"],
    "policy": ["base"],
    "decide": ["base", "window", "limits", "policy"],
    "replay": ["base", "window", "limits", "policy", "decide"],
    # Beside the row: nothing in it uses this.
    "promql": ["base"],
}
ADAPTERS = ["manifest", "prometheus", "scaler", "http"]
# The C library as a freestanding program has it, and string.h for its four memory functions.
CORE_SYSTEM = {"float.h", "limits.h", "stdalign.h", "stdbool.h", "stddef.h", "stdint.h",
               "stdnoreturn.h", "string.h"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)

root = pathlib.Path(__file__).resolve().parent.parent
problems = []
edges = 0


def complain(path, number, message):
    problems.append(f"{path.relative_to(root)}:{number}: {message}")


def includes(path):
    text = path.read_text(encoding="utf-8")
    # Comments go, their lines stay, so that line numbers hold.
    text = COMMENT.sub(lambda m: "\n" * m.group().count("\n"), text)
    for number, line in enumerate(text.split("\n"), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1) == "<", match.group(2)
        elif re.match(r"^\s*#\s*include\b", line):
            complain(path, number, "an include that this check cannot read")


def sources(folder):
    return sorted(p for p in folder.rglob("*") if p.suffix in (".c", ".h", ".hpp", ".cc", ".cpp"))


def check_core(layer, allowed):
    """Files of one layer of the core."""
    global edges
    for path in sources(root / "lib" / layer):
        for number, angled, name in includes(path):
            edges += 1
            if angled and name.startswith("weir/"):
                check_public(path, number, name)
            elif angled:
                if name not in CORE_SYSTEM:
                    complain(path, number, f"the core does not use <{name}>")
            elif "/" not in name:
                complain(path, number, f'write the layer too: "{layer}/{name}"')
            elif name.split("/")[0] not in allowed:
                complain(path, number, f"{layer} may include {', '.join(allowed)}, not {name}")
            elif not (root / "lib" / name).is_file():
                complain(path, number, f"no file lib/{name}")


def check_public(path, number, name):
    if not (root / "include" / name).is_file():
        complain(path, number, f"no public header <{name}>")


def check_outside(folder):
    """Code that is a user of the library: public headers, and its own folder."""
    global edges
    for path in sources(folder):
        for number, angled, name in includes(path):
            edges += 1
            if angled and name.startswith("weir/"):
                check_public(path, number, name)
            elif not angled and not (path.parent / name).resolve().is_relative_to(folder):
                complain(path, number, f"{name} is outside of {folder.relative_to(root)}")
            elif not angled and not (path.parent / name).is_file():
                complain(path, number, f"{name} is not in {path.parent.relative_to(root)}")


def check_public_headers():
    """Public headers include public headers and two headers of C."""
    global edges
    for path in sources(root / "include"):
        for number, angled, name in includes(path):
            edges += 1
            if not angled:
                complain(path, number, f'write <weir/...>, not "{name}"')
            elif name.startswith("weir/"):
                check_public(path, number, name)
            elif path.suffix == ".h" and name not in ("stddef.h", "stdint.h"):
                complain(path, number, f"a public header needs no <{name}>")


def main():
    for layer, allowed in CORE.items():
        check_core(layer, allowed + [layer])
    for path in sorted((root / "lib").iterdir()):
        if path.name in ADAPTERS:
            check_outside(path)
        elif path.name not in CORE:
            complain(path, 1, "neither a layer of the core nor an adapter: give it its place here")
    for folder in sorted((root / "tools").iterdir()):
        if folder.is_dir():
            check_outside(folder)
    check_outside(root / "examples")
    check_outside(root / "bench")
    check_outside(root / "bindings/python/core")
    check_public_headers()
    for problem in problems:
        print(problem)
    if edges == 0:
        problems.append("nothing was checked")
        print("no include was found: is this the whole project?")
    print(f"{edges} includes, {len(problems)} against the layers")
    return 1 if problems else 0


sys.exit(main())
