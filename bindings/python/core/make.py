#!/usr/bin/env python3
"""Writes the C source of the extension module from weir's public headers.

    make.py CC INCLUDE_DIR CORE_DIR OUTPUT.c

The compiler's preprocessor lays the headers out; of its output cffi gets what comes from the
headers themselves. Nothing of them is written a second time here, constants included.
"""
import pathlib
import re
import subprocess
import sys

import cffi

INCLUDES = "#include <weir/weir.h>\n#include <weir/promql.h>\n#include <weir/manifest.h>\n" \
           '#include "binding.h"\n'
# Constants that are macros: name, an integer, nothing more than casts and signs.
INTEGER = re.compile(r"#define (WEIR_\w+)\s+\(?-?(?:0x)?(?:\d+|INT(?:32|64)_(?:MIN|MAX)|INT64_C\(\d+\))\)?\s*$")
NUMBER = re.compile(r"#define (WEIR_\w+)\s+\(?-?\d+\.\d+(?:e\d+)?\)?\s*$")


def preprocess(compiler, folders, *options):
    command = [compiler, "-E", "-x", "c", "-std=c11", "-DWEIR_API=", *options, "-"]
    command += [part for folder in folders for part in ("-I", str(folder))]
    return subprocess.run(command, input=INCLUDES, capture_output=True, text=True, check=True).stdout


def declarations(text, folders):
    """The lines that come from the headers in these folders, without directives."""
    ours, lines = False, []
    for line in text.splitlines():
        marker = re.match(r'# \d+ "([^"]*)"', line)
        if marker:
            ours = pathlib.Path(marker.group(1)).parent.resolve() in folders
        elif ours and not line.startswith("#"):
            lines.append(line)
    return "\n".join(lines)


def constants(text):
    lines = []
    for line in text.splitlines():
        integer, number = INTEGER.match(line), NUMBER.match(line)
        if integer:
            lines.append(f"#define {integer.group(1)} ...")
        elif number:
            lines.append(f"static const double {number.group(1)};")
    return "\n".join(lines)


def main():
    compiler, include, core, output = sys.argv[1:]
    folders = [pathlib.Path(include), pathlib.Path(core)]
    ours = {pathlib.Path(include, "weir").resolve(), pathlib.Path(core).resolve()}
    ffi = cffi.FFI()
    ffi.cdef(declarations(preprocess(compiler, folders), ours))
    ffi.cdef(constants(preprocess(compiler, folders, "-dM")))
    ffi.set_source("weir._core", INCLUDES)
    ffi.emit_c_code(output)


if __name__ == "__main__":
    main()
