#!/usr/bin/env python3
"""Holds the documents to the program: run.py WEIR SOURCE_DIR [--update]

Every block that begins with ```console is a dialogue. A line "$ weir ..." is run in the source
folder, and what it prints must be the lines up to the next one; a line "..." stands for any number of
lines. What --svg draws must be the file of that name. With --update the documents get what was
printed, where no "..." is in the way.
"""
import difflib
import os
import pathlib
import subprocess
import sys
import tempfile


def run(weir, source, command, scratch):
    """What a command prints, and the charts that it drew: name -> text."""
    charts = {}
    words = command.split()
    for at, word in enumerate(words[:-1]):
        if word == "--svg":
            charts[words[at + 1]] = os.path.join(scratch, f"chart{len(charts)}.svg")
            words[at + 1] = charts[words[at + 1]]
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "COLUMNS": "100", "WEIR": weir}
    line = " ".join(words).replace("weir ", '"$WEIR" ', 1)
    done = subprocess.run(["sh", "-c", line], cwd=source, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    drawn = {name: pathlib.Path(path).read_text() if os.path.exists(path) else None
             for name, path in charts.items()}
    return done.stdout.splitlines(), drawn


def agree(wanted, got):
    """Whether the printed lines are the wanted ones, "..." being any number of lines."""
    if not wanted:
        return not got
    if wanted[0] == "...":
        return any(agree(wanted[1:], got[skip:]) for skip in range(len(got) + 1))
    return bool(got) and wanted[0] == got[0].rstrip() and agree(wanted[1:], got[1:])


def dialogues(lines):
    """Of a document's lines: (command, first line of its output, line after it)."""
    command, begin, inside = None, 0, False
    for at, line in enumerate(lines):
        ends = inside and (line.startswith("```") or line.startswith("$ "))
        if ends and command is not None:
            yield command, begin, at
            command = None
        if inside and line.startswith("$ "):
            command, begin = line[2:], at + 1
        if line.startswith("```"):
            inside = not inside and line == "```console"
    if command is not None:
        raise SystemExit("a console block has no end")


def check(document, weir, source, update):
    """The number of dialogues of a document, and of those that differ."""
    lines = document.read_text().splitlines()
    count = bad = 0
    with tempfile.TemporaryDirectory() as scratch:
        for command, begin, end in reversed(list(dialogues(lines))):
            wanted = lines[begin:end]
            got, drawn = run(weir, source, command, scratch)
            count += 1
            if update and "..." not in wanted:
                lines[begin:end] = [line.rstrip() for line in got]
            elif not agree(wanted, got):
                bad += 1
                print(f"{document.name}:{begin}: $ {command}")
                print("\n".join(difflib.unified_diff(wanted, got, "document", "program", lineterm="")))
            for name, chart in drawn.items():
                path = source / name
                if update and chart is not None:
                    path.write_text(chart)
                elif chart is None or not path.exists() or path.read_text() != chart:
                    bad += 1
                    print(f"{document.name}:{begin}: the chart {name} is another one now")
    if update:
        document.write_text("\n".join(lines) + "\n")
    return count, bad


def main():
    if len(sys.argv) not in (3, 4) or sys.argv[3:] not in ([], ["--update"]):
        raise SystemExit(__doc__)
    weir, source = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    count = bad = 0
    for document in [source / "README.md", *sorted((source / "docs").glob("*.md"))]:
        more, worse = check(document, weir, source, len(sys.argv) == 4)
        count, bad = count + more, bad + worse
    print(f"{count} commands in the documents, {bad} print something else")
    if bad:
        print("if that is meant: tests/docs/run.py WEIR SOURCE_DIR --update")
    sys.exit(1 if bad or count == 0 else 0)


main()
