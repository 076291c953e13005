"""PromQL over series in memory."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from ._arrays import numbers
from ._core import ffi, lib
from ._errors import FieldError, ParseError, check, error_of, new_error, text
from ._time import Duration, Time, duration_ns, times_ns, to_ms

_NS_IN_MS = 1_000_000


def _labels_of(key: str | Mapping[str, str]) -> dict[str, str]:
    """The labels of a series, of a dict or as PromQL writes them: ``up{job="api"}``."""
    if isinstance(key, Mapping):
        for name, value in key.items():
            if not isinstance(name, str) or not isinstance(value, str):
                raise FieldError(f"must be texts, got {name!r}: {value!r}", path="labels")
        return dict(key)
    if not isinstance(key, str):
        raise FieldError(f"must be 'name{{label=\"value\"}}' or a dict of labels, got {key!r}", path="labels")
    name, brace, rest = key.partition("{")
    labels = {"__name__": name.strip()} if name.strip() else {}
    if brace:
        labels.update(_parse_labels(rest, key))
    return labels


def _parse_labels(rest: str, key: str) -> dict[str, str]:
    found, at = {}, 0

    def skip() -> None:
        nonlocal at
        while at < len(rest) and rest[at] in " ,":
            at += 1

    def fail(what: str) -> ParseError:
        return ParseError(f"{what} was expected in {key!r}", path="labels", line=1, column=len(key) - len(rest) + at + 1)

    skip()
    while at < len(rest) and rest[at] != "}":
        equals = rest.find("=", at)
        if equals < 0 or equals + 1 >= len(rest) or rest[equals + 1] != '"':
            raise fail('label="value"')
        name, at, value = rest[at:equals].strip(), equals + 2, []
        while at < len(rest) and rest[at] != '"':
            if rest[at] == "\\" and at + 1 < len(rest):
                at += 1
                value.append({"n": "\n", "t": "\t"}.get(rest[at], rest[at]))
            else:
                value.append(rest[at])
            at += 1
        if at >= len(rest):
            raise fail('a closing "')
        found[name] = "".join(value)
        at += 1
        skip()
    if at >= len(rest) or rest[at + 1 :].strip():
        raise fail("} at the end")
    return found


def _times_ms(times: Any, path: str) -> npt.NDArray[np.int64]:
    array = np.asarray(times)
    if array.dtype == np.dtype("M8[ms]") and array.ndim == 1:
        return np.ascontiguousarray(array).view(np.int64)
    ns = times_ns(times, path)
    return np.where(ns >= 0, ns // _NS_IN_MS, -(-ns // _NS_IN_MS))


class Series:
    """Series in memory, as a Prometheus server's storage holds them.

    ``Series({'up{job="api"}': (times, values)})``, or :meth:`add` one after the other. Times are
    kept in milliseconds; NaN is a value, :func:`stale` marks the end of a series.
    """

    def __init__(self, series: SeriesLike | None = None) -> None:
        out = ffi.new("weir_series_store **")
        check(lib.weir_py_store_create(out))
        self._store = ffi.gc(out[0], lib.weir_series_store_free)
        self._lock = threading.Lock()
        self._readers = 0
        if isinstance(series, Mapping):
            for key, both in series.items():
                if not isinstance(both, (tuple, list)) or len(both) != 2:
                    raise FieldError(f"must be (times, values), got {type(both).__name__}", path=f"series[{key!r}]")
                self.add(key, *both)
        elif series is not None:
            for labels, times, values in series:
                self.add(labels, times, values)

    def add(self, labels: str | Mapping[str, str], times: npt.ArrayLike, values: npt.ArrayLike) -> None:
        """Appends samples to the series with these labels; they are copied.

        Times have to rise, also over what the series has: one that does not is TimeError, after the
        others were taken.
        """
        pairs = _labels_of(labels)
        kept = [(name.encode(), value.encode()) for name, value in pairs.items()]
        buffers = [(ffi.from_buffer(name), ffi.from_buffer(value)) for name, value in kept]
        raw = ffi.new("weir_label[]", max(len(kept), 1))
        for label, (name, value), (name_at, value_at) in zip(raw, kept, buffers):
            label.name, label.name_length = name_at, len(name)
            label.value, label.value_length = value_at, len(value)
        times_ms = _times_ms(times, "times")
        doubles = np.ascontiguousarray(numbers(values, "values"))
        if doubles.shape != times_ms.shape:
            raise FieldError(f"has shape {doubles.shape}, and there are {len(times_ms)} times", path="values")
        index, err, refused = ffi.new("uint32_t *"), new_error(), ffi.new("size_t *")
        all_times, all_values = ffi.from_buffer("int64_t[]", times_ms), ffi.from_buffer("double[]", doubles)
        with self._lock:
            if self._readers:
                raise error_of(lib.WEIR_PY_BUSY)
            check(lib.weir_series_store_series(self._store, raw, len(kept), index, err), err, "labels")
            check(
                lib.weir_series_store_append_all(
                    self._store, index[0], all_times, all_values, len(doubles), refused
                )
            )
        if refused[0]:
            raise error_of(
                lib.WEIR_E_TIME,
                path="times",
                message=f"{refused[0]} of {len(doubles)} samples are older than the one before them, or have its time",
            )

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        """Queries run side by side; meanwhile nothing is added."""
        with self._lock:
            self._readers += 1
        try:
            yield self._store
        finally:
            with self._lock:
                self._readers -= 1

    def __len__(self) -> int:
        return lib.weir_series_store_count(self._store)  # type: ignore[no-any-return]


SeriesLike: TypeAlias = (
    Mapping[str, tuple[npt.ArrayLike, npt.ArrayLike]]
    | Iterable[tuple[str | Mapping[str, str], npt.ArrayLike, npt.ArrayLike]]
)


def stale() -> float:
    """The NaN that marks the end of a series."""
    return lib.weir_stale_marker()  # type: ignore[no-any-return]


@dataclass(frozen=True, eq=False)
class Points:
    """One series of a result; its arrays are the library's own memory."""

    labels: dict[str, str]
    times: npt.NDArray[np.datetime64]  # datetime64[ms]
    values: npt.NDArray[np.float64]

    @property
    def value(self) -> float:
        """The last value."""
        return float(self.values[-1])


class Result:
    """What a query gave: ``series`` in the engine's order, with ``warnings`` and ``infos``."""

    type: Literal["scalar", "vector", "matrix", "string"]
    series: tuple[Points, ...]
    text: str  # of a string

    def __init__(self, c: Any) -> None:
        self._c = c
        self.type = ("scalar", "vector", "matrix", "string")[c.type - 1]
        self.text = _text(c.text, c.text_length)
        self.series = tuple(self._points(i) for i in range(c.series_count))
        notes = [(n.level, _text(n.message, n.message_length)) for n in c.notes[0 : c.note_count]]
        self.warnings = tuple(message for level, message in notes if level == lib.WEIR_PROMQL_WARNING)
        self.infos = tuple(message for level, message in notes if level == lib.WEIR_PROMQL_INFO)

    def _points(self, index: int) -> Points:
        c = self._c
        labels = c.labels[c.label_at[index] : c.label_at[index + 1]]
        first, count = c.point_at[index], c.point_at[index + 1] - c.point_at[index]
        times = _array(c.times_ms + first, count, np.dtype("M8[ms]"), c)
        values = _array(c.values + first, count, np.dtype("f8"), c)
        return Points({_text(p.name, p.name_length): _text(p.value, p.value_length) for p in labels}, times, values)

    @property
    def value(self) -> float:
        """The value, of a scalar or a vector with one element."""
        if len(self.series) != 1 or len(self.series[0].values) != 1:
            raise ValueError(f"a {self.type} of {len(self.series)} series is not one value")
        return float(self.series[0].values[0])

    def __len__(self) -> int:
        return len(self.series)

    def __iter__(self) -> Iterator[Points]:
        return iter(self.series)

    def __getitem__(self, index: int) -> Points:
        return self.series[index]

    def __repr__(self) -> str:
        return f"<Result {self.type} of {len(self.series)} series>"


def _let_go(owner: Any, pointer: Any) -> None:
    """The end of something that lies in another thing's memory."""


def _array(pointer: Any, count: int, dtype: np.dtype[Any], owner: Any) -> npt.NDArray[Any]:
    """An array in the library's memory, which lives as long as the array does."""
    if count == 0:
        return np.empty(0, dtype)
    kept = ffi.gc(pointer, functools.partial(_let_go, owner))
    array = np.frombuffer(ffi.buffer(kept, count * dtype.itemsize), dtype)
    array.flags.writeable = False
    return array


def _free_result(store: Series, result: Any) -> None:
    lib.weir_promql_result_free(result)


def _text(pointer: Any, length: int) -> str:
    return bytes(ffi.buffer(pointer, length)).decode("utf-8", "replace") if length else ""


def promql(
    expr: str,
    series: Series | SeriesLike,
    *,
    at: Time | None = None,
    start: Time | None = None,
    end: Time | None = None,
    step: Duration | None = None,
    lookback: Duration = 300,
    semantics: Literal["3", "2.42"] = "3",
    max_samples: int = 50_000_000,
) -> Result:
    """Evaluates PromQL, with the answers of a Prometheus server to the bit.

    :param series: a Series, or what makes one: ``{'up{job="api"}': (times, values)}``
    :param at: the instant; or ``start``, ``end`` and ``step`` for a grid of times
    :param lookback: seconds or a timedelta: how old the sample of an instant selector may be
    """
    if not isinstance(expr, str):
        raise FieldError(f"must be a text, got {type(expr).__name__}", path="expr")
    store = series if isinstance(series, Series) else Series(series)
    options, err = ffi.new("weir_promql_options *"), new_error()
    check(lib.weir_promql_options_init(options, ffi.sizeof("weir_promql_options")))
    options.lookback_ms = duration_ns(lookback, "lookback") // _NS_IN_MS
    options.semantics = _semantics(semantics)
    options.max_samples = max_samples
    raw, parsed, out = expr.encode(), ffi.new("weir_promql_expr **"), ffi.new("weir_promql_result **")
    check(lib.weir_py_promql_parse(raw, len(raw), parsed, err), err)
    tree = ffi.gc(parsed[0], lib.weir_promql_expr_free)
    if at is not None and start is None and end is None and step is None:
        when = to_ms(at, "at")
        with store._reading() as c:
            status = lib.weir_py_promql_instant(c, tree, when, options, out, err)
    elif at is None and start is not None and end is not None and step is not None:
        first, last, every = to_ms(start, "start"), to_ms(end, "end"), duration_ns(step, "step") // _NS_IN_MS
        with store._reading() as c:
            status = lib.weir_py_promql_range(c, tree, first, last, every, options, out, err)
    else:
        raise FieldError("must be given alone, or else all of start, end and step", path="at")
    check(status, err)
    return Result(ffi.gc(out[0], functools.partial(_free_result, store)))


def _semantics(name: str) -> int:
    if name not in ("3", "2.42"):
        raise FieldError(f"must be '3' or '2.42', got {name!r}", path="semantics")
    return ("3", "2.42").index(name)
