#!/usr/bin/env python3
"""Makes two files of a library, all that an embedder has to compile: weir.c and weir.h.

    amalgamate.py DIRECTORY            writes them there
    amalgamate.py --check DIRECTORY    whether those that are there are still these; if not, exit 1

The header is the public headers one after the other, each once and with its include guard, so that
it gets along with installed ones. The source is the library's in the order of its layers, with each
internal header where it is first included. In one translation unit names meet that never met before:
a private name of a file that another file has too gets the file's name before it, a private macro
ends with its file, and what the files of the library shared becomes static. Nothing is exported but
the public functions.
"""
import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Name of the two files | the public header that stands for all | folders under lib, in their order.
PARTS = [
    ("weir", "weir/weir.h", ["base", "window", "limits", "policy", "decide", "replay"]),
    ("weir_promql", "weir/promql.h", ["promql"]),
]

CODE = r"""(?P<comment>/\*.*?\*/|//[^\n]*)
         | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
         | (?P<name>[A-Za-z_]\w*)
         | (?P<number>\.?[0-9](?:[eEpP][+-]|[\w.])*)
         | (?P<sign>->|\.\.\.|[^\s\w])"""
DIRECTIVE = r"(?P<directive>^[ \t]*\#(?:/\*.*?\*/|\\\n|[^\n])*)|"
FLAGS = re.VERBOSE | re.DOTALL | re.MULTILINE
EVERY_TOKEN = re.compile(CODE, FLAGS)
COMPILED_TOKEN = re.compile(DIRECTIVE + CODE, FLAGS)

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"][^\n]*\n', re.MULTILINE)
DEFINE = re.compile(r"^[ \t]*#[ \t]*(define|undef)[ \t]+(\w+)", re.MULTILINE)
TAGGED = ("struct", "union", "enum")
NEVER_DECLARED = {"_Static_assert", "_Alignas", "__attribute__"}

Token = collections.namedtuple("Token", "kind text start")
# A token that stands in no bracket of its declaration, and its neighbours' texts.
Outer = collections.namedtuple("Outer", "index kind text before after")


def declarations(text):
    """The tokens of each external declaration, a function's body included; no directives."""
    depth, run = 0, []
    for match in COMPILED_TOKEN.finditer(text):
        if match.lastgroup in ("comment", "directive"):
            continue
        token = Token(match.lastgroup, match.group(), match.start())
        run.append(token)
        if token.text in ("(", "{", "["):
            depth += 1
        elif token.text in (")", "}", "]"):
            depth -= 1
        ends = token.text == ";" or (token.text == "}" and is_function(run))
        if depth == 0 and ends:
            yield run
            run = []


def outer(run):
    depth, before = 0, ""
    for i, token in enumerate(run):
        if token.text in (")", "}", "]"):
            depth -= 1
        if depth == 0:
            after = run[i + 1].text if i + 1 < len(run) else ""
            yield Outer(i, token.kind, token.text, before, after)
        if token.text in ("(", "{", "["):
            depth += 1
        before = token.text


def is_function(run):
    """Whether the declaration has a body: braces that follow a list of parameters."""
    return any(o.text == ")" and o.after == "{" for o in outer(run))


def enumerators(run):
    """The constants of `enum [tag] { ... }`."""
    texts = [token.text for token in run]
    body = texts[texts.index("{"):texts.index("}")]
    return {text for before, text in zip(body, body[1:]) if before in ("{", ",")}


def declared(run):
    """The names that a declaration brings into its file: tags, constants, types, objects."""
    names = set()
    for o in outer(run):
        if o.kind != "name" or o.text in NEVER_DECLARED:
            continue
        if o.text == "enum" and "{" in [token.text for token in run[o.index:o.index + 3]]:
            names |= enumerators(run[o.index:])
        if o.before in TAGGED:
            if o.after == "{":
                names.add(o.text)
        elif o.after in ("(", "[", "=", ";", ","):
            names.add(o.text)
            if o.after == "=":
                break
    return names


def is_public(name):
    return name.lower().startswith("weir_") and not is_shared(name)


def is_shared(name):
    """Of the files of the library, but not of its users."""
    return name.lower().startswith("weir__")


def own_names(text):
    """The names that belong to a file: those that say by their prefix whose they are do not."""
    names = set()
    for run in declarations(text):
        names |= declared(run)
    return {name for name in names if not is_public(name) and not is_shared(name)}


def rename(text, names):
    """Gives names other names; members of structs keep theirs."""
    before, done, out = ["", "", ""], 0, []
    brackets = []  # those that are open: "struct" for the braces of one
    for match in EVERY_TOKEN.finditer(text):
        if match.lastgroup == "comment":
            continue
        word = match.group()
        if word in ("(", "[", "{"):
            brackets.append("struct" if word == "{" and {"struct", "union"} & set(before[1:]) else word)
        elif word in (")", "]", "}"):
            brackets.pop()
        # In a struct, what is no tag and no array's size is a member or its type.
        member = before[-1] in (".", "->") or (
            "struct" in brackets and "[" not in brackets and before[-1] not in TAGGED)
        if match.lastgroup == "name" and word in names and not member:
            out += [text[done:match.start()], names[word]]
            done = match.end()
        before = [*before[1:], word]
    return "".join(out) + text[done:]


def make_static(text):
    """Gives internal linkage to what the files of the library share."""
    out, done = [], 0
    for run in declarations(text):
        texts = [token.text for token in run]
        if texts[0] in ("static", "typedef", "inline") or not any(map(is_shared, declared(run))):
            continue
        if texts[0] in TAGGED and "{" in texts[1:3] and not is_function(run):
            continue
        out += [text[done:run[0].start], "static "]
        done = run[0].start + (len("extern ") if texts[0] == "extern" else 0)
    return "".join(out) + text[done:]


def forgotten_macros(text):
    """The end of a file: the macros of its own that it leaves defined."""
    left = []
    for verb, name in DEFINE.findall(text):
        if verb == "undef":
            left.remove(name)
        elif not is_public(name) and not is_shared(name):
            left.append(name)
    return "".join(f"#undef {name}\n" for name in left)


class Amalgamation:
    """The two files of one part."""

    def __init__(self, name, public, layers):
        self.name, self.public = name, public
        self.sources = [path for layer in layers
                        for path in sorted((ROOT / "lib" / layer).glob("*.c"))]
        self.seen = set()
        self.users = collections.Counter()  # of a name: how many files have it
        headers = {path for source in self.sources for path in source.parent.glob("*.h")}
        self.kept = set()  # tags that a header has opened for a source to fill
        for path in headers:
            self.kept |= set(re.findall(r"\b(?:struct|union|enum)\s+(\w+)", read(path)))
        for path in headers:
            self.kept -= own_names(read(path))
        for path in self.sources + sorted(headers):
            self.users.update({match.group() for match in EVERY_TOKEN.finditer(read(path))})

    def files(self):
        return {f"{self.name}.h": self.header(), f"{self.name}.c": self.source()}

    def header(self):
        text = banner("The public headers")
        for name, public, _ in PARTS:
            if name == self.name:
                break
            text += f'\n#include "{name}.h"\n'
            self.public_text(public)  # seen there
        return text + self.public_text(self.public)

    def public_text(self, name):
        """A public header, after those that it includes."""
        if name in self.seen:
            return ""
        self.seen.add(name)
        text = read(ROOT / "include" / name)
        before = "".join(self.public_text(other) for _, other in INCLUDE.findall(text)
                         if other.startswith("weir/"))
        return before + "\n" + INCLUDE.sub(
            lambda m: "" if m.group(2).startswith("weir/") else m.group(), text)

    def source(self):
        text = banner("The source") + f'\n#include "{self.name}.h"\n'
        return text + "".join(map(self.file_text, self.sources))

    def file_text(self, path):
        """A source or an internal header, the headers that it is the first to include in place."""
        text = read(path)
        names = {}
        if path.suffix == ".c":
            names = {name: f"{path.stem}_{name}" for name in own_names(text) - self.kept
                     if self.users[name] > 1}
            if clash := [new for new in names.values() if self.users[new] > 0]:
                sys.exit(f"amalgamate: {path}: {clash[0]} is in use already")
            text += forgotten_macros(text)
        # A name of a header is no name of the program.
        includes = list(INCLUDE.finditer(text))
        pieces = INCLUDE.split(text)[::3]
        out = ""
        for piece, include in zip(pieces, includes + [None]):
            out += rename(piece, names)
            if include:
                out += self.included(path, include)
        return f"\n/* ---- {path.relative_to(ROOT)} ---- */\n\n{make_static(out)}"

    def included(self, path, include):
        name = include.group(2)
        if name in self.seen:
            return ""
        self.seen.add(name)
        if name.startswith("weir/"):
            sys.exit(f"amalgamate: {path}: {name} is not among the headers of {self.public}")
        return include.group() if include.group(1) == "<" else self.file_text(ROOT / "lib" / name)


def read(path):
    return path.read_text(encoding="utf-8")


def banner(what):
    version = ".".join(re.findall(r"#define WEIR_VERSION_\w+ (\d+)", read(ROOT / "include/weir/base.h")))
    return (f"/*\n * {what} of weir {version}, an embeddable autoscaling policy library, in one file.\n"
            " * Made by tools/amalgamate.py out of include/ and lib/: change these instead.\n"
            " * SPDX-License-Identifier: Apache-2.0\n */\n")


def main():
    check = sys.argv[1:2] == ["--check"]
    if len(sys.argv) != 2 + check or sys.argv[-1].startswith("-"):
        sys.exit("usage: amalgamate.py [--check] DIRECTORY")
    directory = pathlib.Path(sys.argv[-1])
    if not check:
        directory.mkdir(parents=True, exist_ok=True)
    stale = []
    for part in PARTS:
        for name, text in Amalgamation(*part).files().items():
            path = directory / name
            if path.is_file() and read(path) == text:
                continue
            stale.append(str(path))
            if not check:
                path.write_text(text, encoding="utf-8")
    if check and stale:
        sys.exit(f"amalgamate: not what the sources make now: {', '.join(stale)}; "
                 f"to write them: tools/amalgamate.py {directory}")


main()
