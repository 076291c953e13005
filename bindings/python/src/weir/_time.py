"""Times and durations of Python, as the library's nanoseconds.

A plain number is seconds, as ``time.time()`` gives them: an int exactly, a float rounded to the
nearest nanosecond. A ``datetime`` needs a time zone. ``numpy.datetime64`` and ``timedelta64`` count
in their own unit. ``Nanos(n)`` is exact in any case.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from ._errors import FieldError, RangeError

SECOND: Final = 1_000_000_000
NONE: Final = -(2**63)  # WEIR_TIME_NONE, and numpy's NaT
NEVER: Final = 2**63 - 1  # WEIR_TIME_NEVER
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND: Final = timedelta(microseconds=1)


class Nanos(int):
    """Nanoseconds: an instant counted from 1970, or a duration. ``Nanos(time.time_ns())``."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Nanos({int(self)})"


Time: TypeAlias = int | float | datetime | np.datetime64 | Nanos
Duration: TypeAlias = int | float | timedelta | np.timedelta64 | Nanos


def _bounded(ns: int, value: object, path: str) -> int:
    if not NONE < ns < NEVER:
        raise RangeError(f"{value!r} is beyond the nanoseconds that 64 bits can count from 1970", path=path)
    return ns


def _of_number(value: float, path: str) -> int:
    if not math.isfinite(value):
        raise RangeError(f"must be a finite number of seconds, got {value}", path=path)
    whole = math.floor(value)
    return whole * SECOND + round((value - whole) * SECOND)


def to_ns(value: Any, path: str = "now") -> int:
    """An instant in nanoseconds since 1970."""
    if isinstance(value, Nanos):
        return _bounded(int(value), value, path)
    if isinstance(value, bool):
        raise FieldError(f"must be a time, got {value}", path=path)
    if isinstance(value, (int, np.integer)):
        return _bounded(int(value) * SECOND, value, path)
    if isinstance(value, (float, np.floating)):
        return _bounded(_of_number(float(value), path), value, path)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise FieldError(f"{value!r} has no time zone, so it is no instant; add tzinfo=timezone.utc", path=path)
        return _bounded((value - _EPOCH) // _MICROSECOND * 1000, value, path)
    if isinstance(value, np.datetime64):
        ns = _datetime64_ns(np.asarray(value), path).item()
        assert isinstance(ns, int)
        return _bounded(ns, value, path)
    raise FieldError(
        f"must be seconds (int or float), a datetime, a numpy.datetime64 or Nanos, got {type(value).__name__}",
        path=path,
    )


def duration_ns(value: Any, path: str) -> int:
    """A length of time in nanoseconds."""
    if isinstance(value, Nanos):
        return _bounded(int(value), value, path)
    if isinstance(value, bool):
        raise FieldError(f"must be a duration, got {value}", path=path)
    if isinstance(value, timedelta):
        return _bounded(value // _MICROSECOND * 1000, value, path)
    if isinstance(value, np.timedelta64):
        if np.isnat(value):
            raise RangeError("must be a duration, got NaT", path=path)
        return _bounded(value.astype("m8[ns]").astype(np.int64).item(), value, path)
    if isinstance(value, (int, np.integer)):
        return _bounded(int(value) * SECOND, value, path)
    if isinstance(value, (float, np.floating)):
        return _bounded(_of_number(float(value), path), value, path)
    raise FieldError(
        f"must be seconds (int or float), a timedelta, a numpy.timedelta64 or Nanos, got {type(value).__name__}",
        path=path,
    )


def seconds(ns: int) -> float:
    """Nanoseconds as seconds: an int where they are whole. The ends of time are infinite."""
    if ns == NEVER:
        return math.inf
    if ns == NONE:
        return -math.inf
    return ns // SECOND if ns % SECOND == 0 else ns / SECOND


def _datetime64_ns(values: npt.NDArray[Any], path: str) -> npt.NDArray[np.int64]:
    if np.any(np.isnat(values)):
        raise RangeError("has a NaT", path=path)
    if values.dtype == np.dtype("M8[ns]"):
        ns = values.view(np.int64)
    else:
        ns = values.astype("M8[ns]").view(np.int64)
        if not np.array_equal(ns.view("M8[ns]").astype(values.dtype), values):
            raise RangeError("has times beyond the nanoseconds that 64 bits can count from 1970", path=path)
    return ns


def times_ns(times: Any, path: str = "times") -> npt.NDArray[np.int64]:
    """Many instants. Those of dtype datetime64[ns] in one piece are used as they are, without a copy."""
    if isinstance(times, (list, tuple)) and any(isinstance(time, Nanos) for time in times):
        return np.array([to_ns(time, f"{path}[{i}]") for i, time in enumerate(times)], np.int64)
    if np.ma.is_masked(times):
        raise FieldError("must be known, some are masked", path=path)
    values = np.asarray(times)
    if values.ndim != 1:
        raise FieldError(f"must have one dimension, got shape {values.shape}", path=path)
    kind = values.dtype.kind
    if kind == "M":
        return np.ascontiguousarray(_datetime64_ns(values, path))
    if kind == "f":
        if not np.all(np.isfinite(values)):
            where = int(np.flatnonzero(~np.isfinite(values))[0])
            raise RangeError(f"must be finite, got {values[where]}", path=f"{path}[{where}]")
        wide = values.astype(np.float64)
        whole = np.floor(wide)
        if np.any(np.abs(whole) > 9.2e9):
            raise RangeError("has times beyond the nanoseconds that 64 bits can count from 1970", path=path)
        return whole.astype(np.int64) * SECOND + np.rint((wide - whole) * SECOND).astype(np.int64)
    if kind in "iu":
        if values.size and max(abs(int(values.max())), abs(int(values.min()))) > 9_200_000_000:
            raise RangeError(
                "plain numbers are seconds, and these are too large for that; nanoseconds are times.astype('M8[ns]')",
                path=path,
            )
        return values.astype(np.int64) * SECOND
    if kind == "O" and values.size:
        return np.array([to_ns(value, f"{path}[{i}]") for i, value in enumerate(values)], np.int64)
    if values.size == 0:
        return np.empty(0, np.int64)
    raise FieldError(f"must be seconds or datetime64, got an array of dtype {values.dtype}", path=path)


def to_ms(value: Any, path: str) -> int:
    """An instant in milliseconds, as PromQL counts; cut as a server does."""
    ns = to_ns(value, path)
    return ns // 1_000_000 if ns >= 0 else -(-ns // 1_000_000)
