"""Arrays of the library's structs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt


def joined(parts: Sequence[npt.NDArray[Any]], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """One after the other. numpy.concatenate() would lay the rows out anew."""
    if len(parts) == 1:
        return parts[0]
    whole, at = np.zeros(sum(map(len, parts)), dtype), 0
    for part in parts:
        whole[at : at + len(part)] = part
        at += len(part)
    return whole
