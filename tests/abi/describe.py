#!/usr/bin/env python3
"""What users of the public headers compile into their programs.

    describe.py layout|status|functions

layout: a C program that prints the size of every public struct, offset and size of every member,
    size of every plain typedef.
status: a C program that prints the number behind every enumerator and every number that is a
    macro; with the name of every rule and error, for which it has to be linked with the library.
functions: the names of all functions, one a line.
"""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parent.parent.parent
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
STRUCT = re.compile(r"typedef struct (\w+) \{(.*?)\} (\w+);", re.DOTALL)
PLAIN = re.compile(r"^typedef (?!struct)(?:u?int\d+_t|double|size_t) (\w+);", re.MULTILINE)
ENUM = re.compile(r"\benum(?: \w+)? \{(.*?)\}", re.DOTALL)
FUNCTION = re.compile(r"^WEIR_API [^;{}()]*?\b(\w+)\(", re.MULTILINE)
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
            named_by = re.match("WEIR_RULE_|WEIR_E_", name)
            if named_by:
                function = {"WEIR_RULE_": "weir_rule_name", "WEIR_E_": "weir_status_name"}
                print(f'    printf("{name} %lld %s\\n", (long long){name}, '
                      f"{function[named_by.group()]}({name}));")
            elif name:
                print(f'    printf("{name} %lld\\n", (long long){name});')
    for name, value in MACRO.findall(text):
        if "__attribute__" in value or name == "WEIR_API":
            continue
        if re.search(r"\d\.\d", value):
            print(f'    printf("{name} %a\\n", (double){name});')
        elif not value.startswith('"'):
            print(f'    printf("{name} %lld\\n", (long long){name});')


def list_functions(headers):
    for header in headers:
        text = COMMENT.sub(" ", header.read_text(encoding="utf-8"))
        names = FUNCTION.findall(text)
        if len(names) != len(re.findall(r"^WEIR_API\b", text, re.MULTILINE)):
            sys.exit(f"describe.py cannot read every WEIR_API of {header.name}")
        for name in names:
            print(name)


def main():
    kind = sys.argv[1] if len(sys.argv) == 2 else ""
    if kind not in ("layout", "status", "functions"):
        sys.exit("usage: describe.py layout|status|functions")
    headers = sorted((root / "include" / "weir").glob("*.h"))
    if kind == "functions":
        list_functions(headers)
        return
    for header in headers:
        print(f"#include <weir/{header.name}>")
    print("#include <stdio.h>\n\nint main(void)\n{")
    for header in headers:
        text = COMMENT.sub(" ", header.read_text(encoding="utf-8"))
        print(f'    puts("# weir/{header.name}");')
        print_layout(text) if kind == "layout" else print_status(text)
    print("    return 0;\n}")


main()
