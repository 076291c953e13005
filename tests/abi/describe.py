#!/usr/bin/env python3
"""Writes a C program that prints what users of the public headers compile into their programs.

    describe.py layout|status

layout: size of every public struct, offset and size of every member, size of every plain typedef.
status: the number behind every enumerator and every number that is a macro.
"""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent.parent
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
STRUCT = re.compile(r"typedef struct (\w+) \{(.*?)\} (\w+);", re.DOTALL)
PLAIN = re.compile(r"^typedef (?!struct)(?:u?int\d+_t|double|size_t) (\w+);", re.MULTILINE)
ENUM = re.compile(r"\benum(?: \w+)? \{(.*?)\}", re.DOTALL)
MACRO = re.compile(r"^#define (WEIR_[A-Z0-9_]+)[ \t]+(\S.*)$", re.MULTILINE)


def split_members(body):
    """Names of the members of a struct whose body has no nested braces."""
    for statement in body.split(";"):
        statement = " ".join(statement.split())
        if not statement:
            continue
        pointer = re.search(r"\(\s*\*\s*(\w+)\s*\)", statement)  # a pointer to a function
        if pointer:
            yield pointer.group(1)
            continue
        for part in statement.split(","):
            yield re.search(r"(\w+)\s*(?:\[[^\]]*\]\s*)*$", part.strip()).group(1)


def print_layout(text):
    for name, body, again in STRUCT.findall(text):
        if name != again or "{" in body:
            sys.exit(f"describe.py cannot read struct {name}")
        print(f'    printf("{name} %zu\\n", sizeof({name}));')
        for member in split_members(body):
            print(f'    printf("  {member} %zu+%zu\\n", offsetof({name}, {member}), '
                  f"sizeof((({name} *)0)->{member}));")
    for name in PLAIN.findall(text):
        print(f'    printf("{name} %zu\\n", sizeof({name}));')


def print_status(text):
    for body in ENUM.findall(text):
        for item in body.split(","):
            name = item.split("=")[0].strip()
            if name:
                print(f'    printf("{name} %lld\\n", (long long){name});')
    for name, value in MACRO.findall(text):
        if "__attribute__" in value or name == "WEIR_API":
            continue
        if re.search(r"\d\.\d", value):
            print(f'    printf("{name} %a\\n", (double){name});')
        elif not value.startswith('"'):
            print(f'    printf("{name} %lld\\n", (long long){name});')


def main():
    kind = sys.argv[1] if len(sys.argv) == 2 else ""
    if kind not in ("layout", "status"):
        sys.exit("usage: describe.py layout|status")
    headers = sorted((root / "include" / "weir").glob("*.h"))
    for header in headers:
        print(f"#include <weir/{header.name}>")
    print("#include <stdio.h>\n\nint main(void)\n{")
    for header in headers:
        text = COMMENT.sub(" ", header.read_text(encoding="utf-8"))
        print(f'    puts("# weir/{header.name}");')
        print_layout(text) if kind == "layout" else print_status(text)
    print("    return 0;\n}")


main()
