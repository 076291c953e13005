"""Errors: a class for every status below zero, with the field's path and a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ._core import ffi, lib


class Error(Exception):
    """What went wrong, where. The base of all errors of this package.

    ``code`` is the status' name in C (``"WEIR_E_RANGE"``), ``path`` the field
    (``"scale_down.policies[0].period"``, or ``""``), ``message`` a sentence without the path,
    ``line`` and ``column`` a place in a text, counted from 1, or 0.
    """

    code: str = "WEIR_E_ARG"

    def __init__(
        self, message: str, *, path: str = "", line: int = 0, column: int = 0, code: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.line = line
        self.column = column
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        place = f"{self.line}:{self.column}: " if self.line else ""
        return place + (f"{self.path}: {self.message}" if self.path else self.message)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.message, self.path, self.line, self.column, self.code)


class ArgumentError(Error, ValueError):
    """An argument that cannot be used at all (WEIR_E_ARG)."""


class FieldError(ArgumentError, TypeError):
    """A field that there is not, or a value of a type that it cannot have (WEIR_E_ARG)."""


class RangeError(Error, ValueError):
    """A value outside of its bounds (WEIR_E_RANGE)."""

    code = "WEIR_E_RANGE"


class StructError(Error):
    """A struct of another version of the library (WEIR_E_STRUCT)."""

    code = "WEIR_E_STRUCT"


class SpaceError(Error):
    """Something does not fit where it was to go (WEIR_E_SPACE)."""

    code = "WEIR_E_SPACE"


class TimeError(Error, ValueError):
    """Time went back, or stood still where it must not (WEIR_E_TIME)."""

    code = "WEIR_E_TIME"


class OutOfMemoryError(Error, MemoryError):
    """There is no memory left (WEIR_E_MEMORY)."""

    code = "WEIR_E_MEMORY"


class ParseError(Error, ValueError):
    """Malformed text (WEIR_E_PARSE)."""

    code = "WEIR_E_PARSE"


class LimitError(Error):
    """Larger than a documented limit (WEIR_E_LIMIT)."""

    code = "WEIR_E_LIMIT"


class UnsupportedError(Error, NotImplementedError):
    """Understood, but weir does not do it (WEIR_E_UNSUPPORTED)."""

    code = "WEIR_E_UNSUPPORTED"


class SnapshotError(Error, ValueError):
    """A snapshot that cannot be taken over. The base of the three that follow."""


class CorruptError(SnapshotError):
    """A snapshot that is damaged (WEIR_E_CORRUPT)."""

    code = "WEIR_E_CORRUPT"


class VersionError(SnapshotError):
    """A snapshot of another format version (WEIR_E_VERSION)."""

    code = "WEIR_E_VERSION"


class MismatchError(SnapshotError):
    """A snapshot of another kind or configuration (WEIR_E_MISMATCH)."""

    code = "WEIR_E_MISMATCH"


class InputOutputError(Error):
    """Reading or writing failed (WEIR_E_IO)."""

    code = "WEIR_E_IO"


class PanicError(Error):
    """The real controller would crash on this input (WEIR_E_PANIC)."""

    code = "WEIR_E_PANIC"


class BusyError(Error, RuntimeError):
    """Another thread is in this state: give each thread its own ``copy()``, or take a lock."""

    code = "WEIR_PY_BUSY"


CLASSES: dict[str, type[Error]] = {
    kind.code: kind
    for kind in (
        ArgumentError,
        RangeError,
        StructError,
        SpaceError,
        TimeError,
        OutOfMemoryError,
        ParseError,
        LimitError,
        UnsupportedError,
        CorruptError,
        VersionError,
        MismatchError,
        InputOutputError,
        PanicError,
        BusyError,
    )
}


def _restore(kind: type[Error], message: str, path: str, line: int, column: int, code: str) -> Error:
    return kind(message, path=path, line=line, column=column, code=code)


def new_error() -> Any:
    """An empty weir_error, to be passed to a call and then to :func:`check`."""
    return ffi.new("weir_error *")


def error_of(status: int, err: Any = None, path: str = "", message: str = "") -> Error:
    """The exception of a status below zero, or of WEIR_PY_BUSY."""
    if status == lib.WEIR_PY_BUSY:
        return BusyError("another thread is using this state; give each thread its own copy() or take a lock")
    code = text(lib.weir_status_name(status))
    line = column = 0
    if err is not None and err.status == status:
        path = text(err.path) or path
        message = text(err.message) or message
        line, column = err.line, err.column
    return CLASSES.get(code, Error)(
        message or text(lib.weir_strerror(status)), path=path, line=line, column=column, code=code
    )


def check(status: int, err: Any = None, path: str = "", message: str = "") -> None:
    """Raises the exception of a status that is an error."""
    if status < 0 or status == lib.WEIR_PY_BUSY:
        raise error_of(status, err, path, message)


def text(pointer: Any) -> str:
    """A C string."""
    raw: bytes = ffi.string(pointer)
    return raw.decode("utf-8", "replace")


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that is spelled most like a word; None when none is near."""
    keep = [ffi.new("char[]", name.encode()) for name in candidates]
    found = lib.weir_nearest_name(word.encode(), ffi.new("char *[]", keep), len(keep)) if keep else ffi.NULL
    return None if found == ffi.NULL else text(found)


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """"; did you mean X?", or nothing."""
    near = nearest(word, candidates)
    return f"; did you mean {near}?" if near is not None else ""
