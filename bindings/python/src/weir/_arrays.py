"""Arrays of the library's structs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ._errors import FieldError


def numbers(values: Any, path: str) -> npt.NDArray[np.float64]:
    """Doubles as they are, other numbers converted; what a mask hides is NaN."""
    array = np.ma.asarray(values) if isinstance(values, np.ma.MaskedArray) else np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise FieldError(f"must be numbers, got an array of dtype {array.dtype}", path=path)
    doubles = array.astype(np.float64, copy=False)
    return doubles.filled(np.nan) if isinstance(doubles, np.ma.MaskedArray) else doubles


def joined(parts: Sequence[npt.NDArray[Any]], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """One after the other. numpy.concatenate() would lay the rows out anew."""
    if len(parts) == 1:
        return parts[0]
    whole, at = np.zeros(sum(map(len, parts)), dtype), 0
    for part in parts:
        whole[at : at + len(part)] = part
        at += len(part)
    return whole
