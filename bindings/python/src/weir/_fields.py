"""Configurations as frozen Python objects, written to and read from C by the library's field tables."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from ._core import ffi, lib
from ._errors import FieldError, LimitError, RangeError, check, did_you_mean, error_of, new_error, text
from ._time import duration_ns, seconds, to_ns

BOOL: int = lib.WEIR_FIELD_BOOL
INT: int = lib.WEIR_FIELD_INT
DOUBLE: int = lib.WEIR_FIELD_DOUBLE
DURATION: int = lib.WEIR_FIELD_DURATION
ENUM: int = lib.WEIR_FIELD_ENUM
TEXT: int = lib.WEIR_FIELD_TEXT
TIME: int = lib.WEIR_FIELD_TIME
STRUCT: int = lib.WEIR_FIELD_STRUCT
UNSET: float = lib.WEIR_UNSET


@dataclass(frozen=True)
class Field:
    """One field of a configuration: a row of the library's table (include/weir/fields.h)."""

    name: str
    key: str
    alias: str
    global_key: str
    unit: str
    values: tuple[str, ...]  # the words of an enum
    doc: str
    type: int
    offset: int
    size: int
    capacity: int
    count_offset: int
    bounds: tuple[Any, Any]
    default: Any  # as Python has it
    raw_default: Any
    optional: bool
    fields: tuple[Field, ...]

    @property
    def is_list(self) -> bool:
        return self.type == STRUCT and self.capacity > 1


def _default(field: Any, raw: Any) -> Any:
    kind = field.type
    if kind == BOOL:
        return bool(raw)
    if kind == ENUM:
        words = text(field.values).split("|")
        return words[raw] if 0 <= raw < len(words) else None
    if kind == TEXT:
        return text(field.values)
    if kind == STRUCT:
        return None
    return _plain(kind, raw, raw, bool(field.flags & lib.WEIR_FIELD_OPTIONAL), field.imin)


def _plain(kind: int, raw: Any, raw_default: Any, optional: bool, low: int) -> Any:
    """A number as Python has it: None where it says "not set"."""
    if kind == DURATION:
        return None if optional and raw == raw_default and raw < low else seconds(raw)
    if kind in (INT, TIME) and optional and raw == raw_default and raw in (-(2**31), -(2**63)):
        return None
    if kind == TIME:
        return seconds(raw)
    if kind == DOUBLE and optional and raw == UNSET:
        return None
    return raw


def _table(fields: Any, count: int) -> tuple[Field, ...]:
    rows = []
    for i in range(count):
        f = fields[i]
        raw = f.ddefault if f.type == DOUBLE else f.idefault
        rows.append(
            Field(
                name=text(f.name),
                key=text(f.key),
                alias=text(f.alias),
                global_key=text(f.global_key),
                unit=text(f.unit),
                values=tuple(text(f.values).split("|")) if f.type == ENUM else (),
                doc=text(f.doc),
                type=f.type,
                offset=f.offset,
                size=f.size,
                capacity=f.capacity,
                count_offset=f.count_offset,
                bounds=(f.dmin, f.dmax) if f.type == DOUBLE else (f.imin, f.imax),
                default=_default(f, raw),
                raw_default=raw,
                optional=bool(f.flags & lib.WEIR_FIELD_OPTIONAL),
                fields=_table(f.fields, f.field_count) if f.type == STRUCT else (),
            )
        )
    return tuple(rows)


def table_of(config: int) -> tuple[Field, ...]:
    """The table of a configuration (WEIR_CONFIG_*)."""
    fields, count = ffi.new("const weir_field **"), ffi.new("size_t *")
    check(lib.weir_fields(config, fields, count))
    return _table(fields[0], count[0])


# ---- values to C ---------------------------------------------------------------------------------


def quantity_milli(value: str, path: str) -> int:
    """The thousandths of a Kubernetes quantity ("250m", "1.5Gi")."""
    quantity, err = ffi.new("weir_quantity *"), new_error()
    raw = value.encode()
    status = lib.weir_quantity_parse(raw, len(raw), quantity, err)
    if status < 0:
        raise error_of(status, err, path)
    milli: int = lib.weir_quantity_milli(quantity)
    return milli


def _integer(field: Field, value: Any, path: str) -> int:
    if isinstance(value, str) and field.unit.startswith("milli"):
        if value.endswith("%") and value[:-1].isdigit():
            return int(value[:-1])
        return quantity_milli(value, path)
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        extra = ' or a quantity ("250m")' if field.unit.startswith("milli") else ""
        raise FieldError(f"must be an integer{extra}, got {value!r}", path=path)
    number = int(value)
    bits = 8 * field.size
    if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
        raise RangeError(f"does not fit {bits} bits: {number}", path=path)
    return number


def _word(field: Field, value: Any, path: str) -> int:
    if not isinstance(value, str):
        raise FieldError(f"must be one of {', '.join(map(repr, field.values))}, got {value!r}", path=path)
    if value not in field.values:
        raise RangeError(
            f"must be one of {', '.join(map(repr, field.values))}, got {value!r}" + did_you_mean(value, field.values),
            path=path,
        )
    return field.values.index(value)


def _write_number(buffer: memoryview, at: int, field: Field, value: Any, path: str) -> None:
    kind = field.type
    if value is None and field.optional:
        raw = field.raw_default
    elif kind == DOUBLE:
        if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
            raise FieldError(f"must be a number, got {value!r}", path=path)
        try:
            raw = float(value)
        except OverflowError:
            raise RangeError("is too large for a double", path=path) from None
    elif kind == DURATION:
        raw = duration_ns(value, path)
    elif kind == TIME:
        raw = to_ns(value, path)
    elif kind == ENUM:
        raw = _word(field, value, path)
    elif kind == BOOL:
        if not isinstance(value, (bool, np.bool_)):
            raise FieldError(f"must be True or False, got {value!r}", path=path)
        raw = int(value)
    else:
        raw = _integer(field, value, path)
    struct.pack_into("=d" if kind == DOUBLE else "=q" if field.size == 8 else "=i", buffer, at, raw)


def _write_text(buffer: memoryview, at: int, field: Field, value: Any, path: str) -> None:
    if not isinstance(value, str):
        raise FieldError(f"must be a string, got {value!r}", path=path)
    raw = value.encode()
    if len(raw) >= field.size or b"\0" in raw:
        raise LimitError(f"must be at most {field.size - 1} bytes of text, got {len(raw)}", path=path)
    buffer[at : at + field.size] = raw.ljust(field.size, b"\0")


def _as_values(field: Field, value: Any, path: str) -> Mapping[str, Any]:
    if isinstance(value, Struct):
        if {f.name for f in value._table} != {f.name for f in field.fields}:
            raise FieldError(f"must be a {STRUCTS[field.name].__name__}, got a {type(value).__name__}", path=path)
        return value._values
    if isinstance(value, Mapping):
        return STRUCTS[field.name](**value)._values
    raise FieldError(f"must be a {STRUCTS[field.name].__name__} or a dict, got {type(value).__name__}", path=path)


def _write_list(buffer: memoryview, base: int, field: Field, value: Any, path: str) -> None:
    if isinstance(value, (str, bytes, Mapping, Struct)) or not isinstance(value, Sequence):
        raise FieldError(f"must be a list of {STRUCTS[field.name].__name__}, got {type(value).__name__}", path=path)
    if len(value) > field.capacity:
        raise LimitError(f"must be at most {field.capacity} of them, got {len(value)}", path=path)
    at = base + field.offset
    buffer[at : at + field.capacity * field.size] = bytes(field.capacity * field.size)
    for i, item in enumerate(value):
        _write_defaults(buffer, at + i * field.size, field.fields)
        values = _as_values(field, item, f"{path}[{i}]")
        write(buffer, at + i * field.size, field.fields, values, f"{path}[{i}].")
    struct.pack_into("=I", buffer, base + field.count_offset, len(value))


def _write_defaults(buffer: memoryview, base: int, table: tuple[Field, ...]) -> None:
    for field in table:
        if field.type == STRUCT:
            if field.capacity == 1:
                _write_defaults(buffer, base + field.offset, field.fields)
        elif field.type == TEXT:
            _write_text(buffer, base + field.offset, field, field.default, "")
        else:
            layout = "=d" if field.type == DOUBLE else "=q" if field.size == 8 else "=i"
            struct.pack_into(layout, buffer, base + field.offset, field.raw_default)


def write(buffer: memoryview, base: int, table: tuple[Field, ...], values: Mapping[str, Any], prefix: str) -> None:
    """Writes values over what a struct has. A None leaves what is there, unless it says "not set"."""
    for field in table:
        if field.name not in values:
            continue
        value, path = values[field.name], prefix + field.name
        if value is None and not field.optional:
            continue
        if field.is_list:
            _write_list(buffer, base, field, value, path)
        elif field.type == STRUCT:
            write(buffer, base + field.offset, field.fields, _as_values(field, value, path), path + ".")
        elif field.type == TEXT:
            _write_text(buffer, base + field.offset, field, value, path)
        else:
            _write_number(buffer, base + field.offset, field, value, path)


# ---- values from C -------------------------------------------------------------------------------


def _read_one(buffer: memoryview, base: int, field: Field) -> Any:
    at = base + field.offset
    if field.type == TEXT:
        return bytes(buffer[at : at + field.size]).split(b"\0", 1)[0].decode("utf-8", "replace")
    if field.is_list:
        (count,) = struct.unpack_from("=I", buffer, base + field.count_offset)
        return tuple(
            STRUCTS[field.name]._of(read(buffer, at + i * field.size, field.fields))
            for i in range(min(count, field.capacity))
        )
    if field.type == STRUCT:
        return STRUCTS[field.name]._of(read(buffer, at, field.fields))
    (raw,) = struct.unpack_from("=d" if field.type == DOUBLE else "=q" if field.size == 8 else "=i", buffer, at)
    if field.type == BOOL:
        return bool(raw)
    if field.type == ENUM:
        return field.values[raw] if 0 <= raw < len(field.values) else str(raw)
    return _plain(field.type, raw, field.raw_default, field.optional, field.bounds[0])


def read(buffer: memoryview, base: int, table: tuple[Field, ...]) -> dict[str, Any]:
    return {field.name: _read_one(buffer, base, field) for field in table}


# ---- the classes ---------------------------------------------------------------------------------

STRUCTS: dict[str, type[Struct]] = {}  # by the name of the field that holds them


class Struct:
    """A frozen group of settings."""

    _table: ClassVar[tuple[Field, ...]] = ()
    _is_part: ClassVar[bool] = False  # not a list's element: None is "as the configuration has it"
    _values: dict[str, Any]

    def _build(self, arguments: dict[str, Any]) -> None:
        """Takes the arguments of ``__init__``, its ``locals()``."""
        unknown = arguments.pop("unknown")
        del arguments["self"]
        if unknown:
            word = next(iter(unknown))
            raise FieldError(
                f"{type(self).__name__} has no such field" + did_you_mean(word, arguments), path=word
            )
        self._set(self._complete(arguments))

    def _complete(self, values: dict[str, Any]) -> dict[str, Any]:
        if self._is_part and values.get("enabled", 0) is None:
            values["enabled"] = True  # who names it wants it
        return values

    def _set(self, values: dict[str, Any]) -> None:
        for field in self._table:  # checked here, so that a mistake is reported where it is made
            value = values.get(field.name)
            if field.is_list and value is not None:
                room = bytearray(field.offset + field.capacity * field.size + field.count_offset + 8)
                _write_list(memoryview(room), 0, field, value, field.name)
                values[field.name] = tuple(
                    item if isinstance(item, Struct) else STRUCTS[field.name](**item) for item in value
                )
            elif value is not None and field.type not in (TEXT, STRUCT):
                room = bytearray(8)
                _write_number(memoryview(room), 0, field, value, field.name)
                values[field.name] = _read_one(memoryview(bytes(field.offset) + bytes(room)), 0, field)
            elif value is not None and field.type == STRUCT and not isinstance(value, Struct):
                values[field.name] = STRUCTS[field.name](**_as_values(field, value, field.name))
        self.__dict__.update(values)
        self.__dict__["_values"] = values

    @classmethod
    def _of(cls, values: dict[str, Any]) -> Self:
        new = cls.__new__(cls)
        new.__dict__.update(values)
        new.__dict__["_values"] = values
        return new

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed; use .replace({name}=...)")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} cannot be changed")

    def replace(self, **changes: Any) -> Self:
        """A copy with other values for some fields."""
        return type(self)(**{**self._values, **changes})

    def asdict(self) -> dict[str, Any]:
        """All fields as plain values: numbers, strings, None, lists and dicts."""
        return {name: _as_plain(value) for name, value in self._values.items()}

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return iter(self._values.items())

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        assert isinstance(other, Struct)
        return self._values == other._values

    def __hash__(self) -> int:
        return hash((type(self), tuple(self._values.items())))

    def __repr__(self) -> str:
        shown = [
            f"{field.name}={self._values[field.name]!r}"
            for field in self._table
            if self._values.get(field.name) != (None if self._is_part else field.default)
        ]
        return f"{type(self).__name__}({', '.join(shown)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self._values)


def _rebuild(cls: type[Struct], values: dict[str, Any]) -> Struct:
    return cls(**values)


def _as_plain(value: Any) -> Any:
    if isinstance(value, Struct):
        return value.asdict()
    if isinstance(value, tuple):
        return [_as_plain(item) for item in value]
    return value


class Config(Struct):
    """The configuration of an autoscaler, checked when it is made.

    All that is not given is as upstream has it, so that reading a field always gives what counts.
    """

    kind: ClassVar[int]  # WEIR_KIND_*
    _ctype: ClassVar[str]
    _c: Any

    @classmethod
    def _name_parts(cls) -> None:
        """Gives the classes of nested structs their tables."""

        def name(table: tuple[Field, ...]) -> None:
            for field in table:
                if field.type == STRUCT:
                    STRUCTS[field.name]._table = field.fields
                    name(field.fields)

        name(cls._table)

    def _set(self, values: dict[str, Any]) -> None:
        c = ffi.new(f"{self._ctype} *")
        check(getattr(lib, f"{self._ctype}_init")(c, ffi.sizeof(self._ctype)))
        buffer = memoryview(ffi.buffer(c))
        write(buffer, 0, self._table, values, "")
        err = new_error()
        check(getattr(lib, f"{self._ctype}_check")(c, err), err)
        self._take(c)

    def _take(self, c: Any) -> None:
        values = read(memoryview(ffi.buffer(c)), 0, self._table)
        self.__dict__.update(values)
        self.__dict__["_values"] = values
        self.__dict__["_c"] = c

    def _complete(self, values: dict[str, Any]) -> dict[str, Any]:
        if values.get("behavior", 0) is None:  # rules that are given hold
            values["behavior"] = (
                True if values.get("scale_up") is not None or values.get("scale_down") is not None else None
            )
        return values

    @classmethod
    def _of_c(cls, pointer: Any) -> Self:
        """Of what C has, as it is there."""
        new = cls.__new__(cls)
        c = ffi.new(f"{cls._ctype} *")
        ffi.memmove(c, pointer, ffi.sizeof(cls._ctype))
        new._take(c)
        return new

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        assert isinstance(other, Config)
        return bytes(ffi.buffer(self._c)) == bytes(ffi.buffer(other._c))

    def __hash__(self) -> int:
        return hash(bytes(ffi.buffer(self._c)))

    def __repr__(self) -> str:
        default = ffi.new(f"{self._ctype} *")
        getattr(lib, f"{self._ctype}_init")(default, ffi.sizeof(self._ctype))
        usual = read(memoryview(ffi.buffer(default)), 0, self._table)
        shown = [f"{name}={value!r}" for name, value in self._values.items() if value != usual[name]]
        return f"{type(self).__name__}({', '.join(shown)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _config_of, (type(self), self._values)


def _config_of(cls: type[Config], values: dict[str, Any]) -> Config:
    """Makes one again from all of its fields, also one that its check would refuse."""
    new = cls.__new__(cls)
    c = ffi.new(f"{cls._ctype} *")
    check(getattr(lib, f"{cls._ctype}_init")(c, ffi.sizeof(cls._ctype)))
    write(memoryview(ffi.buffer(c)), 0, cls._table, values, "")
    new._take(c)
    return new
