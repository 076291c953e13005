"""Time zones for cron triggers, from Python's zoneinfo."""

from __future__ import annotations

import functools
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ._core import ffi, lib
from ._errors import check, text

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_HOURS = 12  # between two looks: no zone changes back within them
_YEARS = 60  # ahead


def _offset(zone: ZoneInfo, second: int) -> int:
    moment = (_EPOCH + timedelta(seconds=second)).astimezone(zone)
    return int((moment.utcoffset() or timedelta()).total_seconds())


@functools.lru_cache(maxsize=256)
def changes(name: str, year: int) -> tuple[int, tuple[tuple[int, int], ...]] | None:
    """The offset at the start of a year, and the (second, offset) of each change after it.

    None: there is no such zone.
    """
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
    begin = int((datetime(year, 1, 1, tzinfo=timezone.utc) - _EPOCH).total_seconds())
    end = begin + _YEARS * 31_556_952
    first = last = _offset(zone, begin)
    found = []
    for second in range(begin, end, _HOURS * 3600):
        offset = _offset(zone, second)
        if offset != last:
            low, high = second - _HOURS * 3600, second
            while high - low > 1:
                middle = (low + high) // 2
                if _offset(zone, middle) == last:
                    low = middle
                else:
                    high = middle
            found.append((high, offset))
            last = offset
    return first, tuple(found)


def _year(now: int) -> int:
    return min(max((_EPOCH + timedelta(seconds=now // 1_000_000_000)).year - 1, 1), 9000)


def zone(name: str, now: int, most: int) -> tuple[Any, Any] | None:
    """A weir_zone for the time around `now`, with at most so many changes, and what it points to."""
    known = changes(name, _year(now))
    if known is None:
        return None
    offset, later = known
    kept = later[:most]
    list_ = ffi.new("weir_zone_change[]", max(len(kept), 1))
    for change, (second, to) in zip(list_, kept):
        change.at, change.offset = second * 1_000_000_000, to
    made = ffi.new("weir_zone *")
    made.change_count, made.offset, made.changes = len(kept), offset, list_
    return made, list_


def set_zones(keda: Any, now: int, reserve: int) -> None:
    """Gives a ScaledObject the zones that its cron triggers ask for. One that there is not fails them."""
    index = 0
    while True:
        pointer = lib.weir_keda_zone_name(keda, index)
        if pointer == ffi.NULL:
            return
        name = text(pointer)
        made = zone(name, now, reserve)
        if made is not None:
            check(lib.weir_keda_set_zone(keda, name.encode(), made[0]))
        index += 1
