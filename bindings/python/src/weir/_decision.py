"""Decisions and their steps."""

from __future__ import annotations

import enum
from typing import Any, NamedTuple, final

import numpy as np

from ._core import ffi, lib
from ._errors import check, text
from ._time import seconds


class Flag(enum.IntFlag):
    """What is true of a decision (WEIR_FLAG_*)."""

    PANIC = 1 << 0
    AT_MIN = 1 << 1
    AT_MAX = 1 << 2
    RATE_LIMITED = 1 << 3
    STABILIZED = 1 << 4
    TO_ZERO = 1 << 5
    FALLBACK = 1 << 6
    PAUSED = 1 << 7
    CHANGED = 1 << 8
    APPLY = 1 << 9
    METRIC_FAILED = 1 << 10
    PROXY = 1 << 11


RULES: dict[int, str] = {
    number: text(lib.weir_rule_name(number)) for number in map(lib.weir_rule_at, range(lib.weir_rule_count()))
}


def rule_name(number: int) -> str:
    """The stable name of a rule, "kpa.panic.enter"."""
    return RULES.get(number, "unknown")


def rule_doc(rule: str) -> str:
    """One sentence about what a rule does; "" for a name that is none."""
    number = lib.weir_rule_from_name(rule.encode())
    return "" if number == lib.WEIR_RULE_NONE else text(lib.weir_rule_doc(number))


class Step(NamedTuple):
    """One rule's part: replicas went from ``before`` to ``after`` because of ``measured`` and ``limit``."""

    rule: str
    item: int  # which metric, trigger or policy; -1: none
    before: int
    after: int
    measured: float
    limit: float

    @property
    def text(self) -> str:
        """An English line: "kpa.stable: 1 -> 6, average load over the stable window is 42, ..."."""
        step = ffi.new("weir_step *")
        step.rule = lib.weir_rule_from_name(self.rule.encode())
        step.item, step.before, step.after = self.item, self.before, self.after
        step.measured, step.limit = self.measured, self.limit
        line = ffi.new("char[]", 512)
        check(lib.weir_step_text(step, line, 512, ffi.NULL))
        return text(line)


def steps_of(explain: Any) -> tuple[Step, ...]:
    """The steps of a weir_explain."""
    return tuple(
        Step(rule_name(s.rule), s.item, s.before, s.after, s.measured, s.limit)
        for s in explain.steps[0 : explain.count]
    )


# A row of decisions as the library lays it out, so that arrays go in and out without a copy.
DECISION = np.dtype(
    {
        "names": [
            "replicas",
            "current",
            "valid",
            "flags",
            "rule",
            "excess_burst_capacity",
            "step_count",
            "at",
            "next",
        ],
        "formats": ["i4", "i4", "i4", "u4", "i4", "i4", "u4", "M8[ns]", "M8[ns]"],
        "offsets": [
            ffi.offsetof("weir_decision", name)
            for name in (
                "replicas",
                "current",
                "valid",
                "flags",
                "rule",
                "excess_burst_capacity",
                "step_count",
                "at",
                "next",
            )
        ],
        "itemsize": ffi.sizeof("weir_decision"),
    }
)


@final
class Decision:
    """One decision. ``steps`` say why, where they were asked for."""

    __slots__ = ("_c", "steps")

    steps: tuple[Step, ...]

    def __init__(self, c: Any, steps: tuple[Step, ...] = ()) -> None:
        self._c = c
        self.steps = steps

    @property
    def replicas(self) -> int:
        """Replicas wanted; where it is not valid as the last valid decision left it, or -1."""
        return self._c.replicas  # type: ignore[no-any-return]

    @property
    def current(self) -> int:
        """The replicas that it started from."""
        return self._c.current  # type: ignore[no-any-return]

    @property
    def valid(self) -> bool:
        """False: there was no data to decide on, and nothing changed."""
        return self._c.valid != 0  # type: ignore[no-any-return]

    @property
    def flags(self) -> Flag:
        """What is true of it."""
        return Flag(self._c.flags)

    @property
    def apply(self) -> bool:
        """True: the replicas are to be written to the scale target."""
        return bool(self._c.flags & Flag.APPLY)

    @property
    def rule(self) -> str:
        """The rule that had the last word, "kpa.stable"."""
        return rule_name(self._c.rule)

    @property
    def excess_burst_capacity(self) -> int:
        """Knative: spare capacity in requests; below 0 it is short."""
        return self._c.excess_burst_capacity  # type: ignore[no-any-return]

    @property
    def at(self) -> float:
        """The time decided for, in seconds since 1970."""
        return seconds(self._c.at)

    @property
    def next(self) -> float:
        """The first time, in seconds, at which it can change without a new sample; inf: never."""
        return seconds(self._c.next)

    @property
    def at_ns(self) -> int:
        """``at`` in nanoseconds."""
        return self._c.at  # type: ignore[no-any-return]

    @property
    def next_ns(self) -> int:
        """``next`` in nanoseconds; 2**63 - 1: never."""
        return self._c.next  # type: ignore[no-any-return]

    @property
    def text(self) -> str:
        """The steps, an English line each."""
        return "\n".join(step.text for step in self.steps)

    def _key(self) -> tuple[bytes, tuple[Step, ...]]:
        return bytes(ffi.buffer(ffi.addressof(self._c), ffi.sizeof("weir_decision"))), self.steps

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Decision):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        if not self.valid:
            return f"<Decision none, {self.rule}>"
        flags = "|".join(str(flag.name) for flag in Flag if self._c.flags & flag)
        return f"<Decision {self.current} -> {self.replicas} by {self.rule}{f', {flags}' if flags else ''}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return _decision, self._key()


def _decision(raw: bytes, steps: tuple[Step, ...]) -> Decision:
    c = ffi.new("weir_py_decision *")
    ffi.memmove(c, raw, len(raw))
    return Decision(c[0], steps)
