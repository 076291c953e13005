#!/usr/bin/env python3
"""Writes src/weir/_configs.py, the configuration classes, from the library's field tables.

    make_configs.py            prints it
    make_configs.py --check    whether the file is still what would be printed; if not, exit 1

Needs the package to be installed, as the tables are read through it. A test runs the check.
"""
import difflib
import importlib.util
import pathlib
import sys
import textwrap
import types

# The package without its __init__.py, which reads the very file that is written here.
PACKAGE = types.ModuleType("weir")
PACKAGE.__path__ = importlib.util.find_spec("weir").submodule_search_locations
sys.modules["weir"] = PACKAGE

from weir import _fields  # noqa: E402
from weir._core import lib  # noqa: E402

FILE = pathlib.Path(__file__).resolve().parent.parent / "src/weir/_configs.py"

# class | table | kind | C struct | about
CONFIGS = [
    ("WindowConfig", "WEIR_CONFIG_WINDOW", "WEIR_KIND_WINDOW", "weir_window_config",
     "A bucketed average over a sliding window."),
    ("KPACollectorConfig", "WEIR_CONFIG_KPA_COLLECTOR", "WEIR_KIND_KPA_COLLECTOR",
     "weir_kpa_collector_config", "The Knative metric collector alone (MetricSpec)."),
    ("KPADeciderConfig", "WEIR_CONFIG_KPA_DECIDER", "WEIR_KIND_KPA_DECIDER",
     "weir_kpa_decider_config", "The Knative decider alone (DeciderSpec)."),
    ("KPAConfig", "WEIR_CONFIG_KPA", "WEIR_KIND_KPA", "weir_kpa_config",
     "A Knative revision: its annotations, laid over ConfigMap config-autoscaler."),
    ("BehaviorConfig", "WEIR_CONFIG_BEHAVIOR", "WEIR_KIND_BEHAVIOR", "weir_behavior_config",
     "Stabilization windows and scaling policies alone."),
    ("HPAConfig", "WEIR_CONFIG_HPA", "WEIR_KIND_HPA", "weir_hpa_config",
     "A HorizontalPodAutoscaler (autoscaling/v2), and the flags of its controller."),
    ("ScaledObjectConfig", "WEIR_CONFIG_KEDA", "WEIR_KIND_KEDA", "weir_keda_config",
     "A KEDA ScaledObject: spec, annotations, and the HPA that KEDA makes."),
]

# The classes of nested structs, by the field that holds them.
PARTS = {
    "policies": ("ScalingPolicy", "At most so many pods, or percent, within a period."),
    "scale_up": ("ScalingRules", "Rules of one direction. What is not given is as upstream has it there."),
    "scale_down": ("ScalingRules", ""),
    "metrics": ("Metric", "One metric of a HorizontalPodAutoscaler."),
    "fallback": ("Fallback", "What replaces a metric that fails. It holds if it is given."),
    "modifiers": ("Modifiers", "A formula over the triggers. It holds if it is given."),
    "cron": ("Cron", "The settings of a cron trigger."),
    "triggers": ("Trigger", "One metric of a trigger."),
}

HEAD = '''"""Configurations, one class each. Written by tools/make_configs.py: not to be changed by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Never

from ._core import lib
from ._fields import STRUCTS, Config, Struct, table_of
from ._time import Duration, Time'''


def words(field):
    return f"Literal[{', '.join(quote(word) for word in field.values)}]"


def quote(text):
    return '"' + text + '"'


def types_of(field):
    """What can be read, and what can be given."""
    if field.type == _fields.STRUCT:
        name = PARTS[field.name][0]
        if field.is_list:
            return f"tuple[{name}, ...]", f"Sequence[{name} | Mapping[str, Any]]"
        return name, f"{name} | Mapping[str, Any]"
    read, given = {
        _fields.BOOL: ("bool", "bool"),
        _fields.INT: ("int", "int"),
        _fields.DOUBLE: ("float", "float"),
        _fields.DURATION: ("float", "Duration"),
        _fields.TEXT: ("str", "str"),
        _fields.TIME: ("float", "Time"),
        _fields.ENUM: (words(field) if field.values else "str",) * 2,
    }[field.type]
    if field.unit.startswith("milli"):
        given = "int | str"
    return read, given


def is_implied(field, is_part):
    """Whether a None decides by what else is given."""
    return field.name == "behavior" and field.type == _fields.BOOL or (is_part and field.name == "enabled")


def default(field, is_part):
    if is_part or field.type == _fields.STRUCT or field.default is None or is_implied(field, is_part):
        return "None"
    if isinstance(field.default, str):
        return quote(field.default)
    return repr(field.default)


def bounds(field):
    """"in [0, 10]", "at least 0", or nothing."""
    low, high = field.bounds
    if field.type == _fields.DURATION:
        low, high = (f"{value / 1e9:g} s" for value in (low, high))
        no_high = field.bounds[1] >= 2**60
        no_low = field.bounds[0] <= -(2**60)
    elif field.type == _fields.INT:
        no_high = field.bounds[1] >= 2**31 - 1
        no_low = field.bounds[0] <= -(2**31)
    elif field.type == _fields.DOUBLE:
        no_low, no_high = low <= _fields.UNSET, high >= -_fields.UNSET
        low, high = f"{low:g}", f"{high:g}"
    else:
        return ""
    if no_low and no_high:
        return ""
    if no_high:
        return f"at least {low}"
    return f"in [{low}, {high}]" if not no_low else f"at most {high}"


def describe(field, is_part):
    facts = []
    if field.type == _fields.DURATION:
        facts.append("seconds or a timedelta")
    elif field.unit.startswith("milli"):
        facts.append('%s, or a quantity ("250m", "80%%")' % field.unit)
    elif field.unit:
        facts.append(field.unit)
    if field.type == _fields.STRUCT and field.capacity > 1:
        facts.append(f"at most {field.capacity}")
    limits = bounds(field)
    if limits:
        facts.append(limits)
    value = default(field, is_part)
    if is_implied(field, is_part):
        facts.append("by itself where rules are given" if field.name == "behavior" else "by itself")
    elif value == "None" and field.optional:
        facts.append("not set by default")
    if field.key:
        facts.append(field.key)
    elif field.global_key:
        facts.append(field.global_key)
    text = field.doc + (f" ({'; '.join(facts)})" if facts else "")
    return textwrap.indent("\n".join(textwrap.wrap(f"{field.name}: {text}", 92, subsequent_indent="    ")), "    ")


def write_class(name, base, about, table, lines, is_part=False):
    out = [f"class {name}({base}):"]
    out += ['    """' + about, "", *(describe(field, is_part) for field in table), '    """', ""]
    out += [f"    {line}" for line in lines]
    if lines:
        out.append("")
    for field in table:
        read = types_of(field)[0]
        optional = is_part or field.default is None and field.type != _fields.STRUCT
        out.append(f"    {field.name}: {read}{' | None' if optional else ''}")
    out += ["", "    def __init__(", "        self,", "        *,"]
    for field in table:
        given, value = types_of(field)[1], default(field, is_part)
        out.append(f"        {field.name}: {given}{' | None' if value == 'None' else ''} = {value},")
    out += ["        **unknown: Never,", "    ) -> None:", "        self._build(locals())"]
    return "\n".join(out)


def nested(table):
    """Nested structs, innermost first: (field, its table)."""
    for field in table:
        if field.type == _fields.STRUCT:
            yield from nested(field.fields)
            yield field


def generate():
    blocks, done, registered = [HEAD], {}, {}
    for name, config, kind, ctype, about in CONFIGS:
        table = _fields.table_of(getattr(lib, config))
        for field in nested(table):
            part, part_about = PARTS[field.name]
            names = [f.name for f in field.fields]
            if part in done:
                assert done[part] == names, f"{part} differs between tables"
            else:
                done[part] = names
                lines = [] if field.is_list else ["_is_part: ClassVar[bool] = True"]
                blocks.append(write_class(part, "Struct", part_about, field.fields, lines, not field.is_list))
            registered[field.name] = part
        lines = [f"kind: ClassVar[int] = lib.{kind}", f"_ctype: ClassVar[str] = {quote(ctype)}",
                 f"_table = table_of(lib.{config})"]
        blocks.append(write_class(name, "Config", about, table, lines))
    rows = "\n".join(f"    {quote(field)}: {part}," for field, part in sorted(registered.items()))
    blocks.append("STRUCTS.update(\n    {\n" + textwrap.indent(rows, "    ") + "\n    }\n)\n"
                  "for _config in (" + ", ".join(name for name, *_ in CONFIGS) + "):\n"
                  "    _config._name_parts()\ndel _config")
    return "\n\n\n".join(blocks) + "\n"


def main():
    text = generate()
    if sys.argv[1:] == ["--check"]:
        there = FILE.read_text()
        sys.stdout.writelines(difflib.unified_diff(there.splitlines(True), text.splitlines(True),
                                                   "src/weir/_configs.py", "the tables"))
        return int(there != text)
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
