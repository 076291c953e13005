"""Sweeps: a load through every combination of some settings, on any executor."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, TypeAlias, Unpack

import numpy as np
import numpy.typing as npt

from ._arrays import joined
from ._errors import FieldError
from ._fields import Config
from ._replay import REPORT, PolicyLike, Trace, World, WorldArgs, _world, config_of, replay_many

if TYPE_CHECKING:
    import pandas

Grid: TypeAlias = Mapping[str, Iterable[Any]] | Iterable[Mapping[str, Any]]


class Sweep:
    """What each combination came to.

    ``settings`` has a dict for each, ``reports`` a row of dtype REPORT, in the same order.
    """

    settings: tuple[dict[str, Any], ...]
    reports: npt.NDArray[np.void]

    def __init__(self, settings: Sequence[dict[str, Any]], reports: npt.NDArray[np.void]) -> None:
        self.settings = tuple(settings)
        self.reports = reports

    def __len__(self) -> int:
        return len(self.settings)

    def best(self, column: str) -> dict[str, Any]:
        """The settings with the smallest value in a column of the reports, the first of equals."""
        return self.settings[int(np.argmin(self.reports[column]))]

    def to_pandas(self) -> pandas.DataFrame:
        """Settings and reports side by side. Needs pandas."""
        import pandas

        assert REPORT.names is not None
        frame = pandas.DataFrame(list(self.settings))
        return frame.assign(**{name: self.reports[name] for name in REPORT.names})

    def __repr__(self) -> str:
        return f"<Sweep of {len(self)} combinations>"


def combinations(grid: Grid) -> list[dict[str, Any]]:
    """Of a dict of lists every combination, the last name changing fastest; a list of dicts as it is."""
    if isinstance(grid, Mapping):
        names = list(grid)
        for name in names:
            if isinstance(grid[name], (str, bytes)) or not isinstance(grid[name], Iterable):
                raise FieldError(f"must be a list of values to try, got {grid[name]!r}", path=f"grid[{name!r}]")
        return [dict(zip(names, values)) for values in itertools.product(*(grid[name] for name in names))]
    return [dict(one) for one in grid]


def _run(configs: Sequence[Config], worlds: Sequence[World], trace: Trace) -> npt.NDArray[np.void]:
    return replay_many(configs, trace, world=worlds)  # type: ignore[arg-type]


def sweep(
    policy: PolicyLike,
    grid: Grid,
    trace: Trace | tuple[Any, Any],
    *,
    executor: Executor | None = None,
    chunk: int | None = None,
    world: World | None = None,
    **settings: Unpack[WorldArgs],
) -> Sweep:
    """Replays a load through a policy with every combination of some of its settings.

    The result is the same on every executor.

    :param grid: a dict of lists, ``{"max_replicas": [10, 20], "pod_start": [0, 30]}``, of which every
        combination is tried, or a list of dicts. Names are fields of the configuration or settings of
        the world
    :param trace: a Trace, or (times, values)
    :param executor: any of concurrent.futures, or another with its ``submit`` (Dask's
        ``client.get_executor()``); None: here, one after the other
    :param chunk: combinations that go to the executor at once; a share of them all, if not given
    """
    config = config_of(policy)
    tried = combinations(grid)
    base = _world(world, settings)
    load = trace if isinstance(trace, Trace) else Trace(*trace)
    configs, worlds = [], []
    for one in tried:
        outside = {name: value for name, value in one.items() if name in WorldArgs.__annotations__}
        inside = {name: value for name, value in one.items() if name not in outside}
        configs.append(config.replace(**inside) if inside else config)
        worlds.append(World(**{**base.__dict__, **outside}))
    if executor is None or not tried:
        return Sweep(tried, _run(configs, worlds, load))
    size = chunk if chunk is not None else max(1, -(-len(tried) // 32))
    futures = [
        executor.submit(_run, configs[i : i + size], worlds[i : i + size], load) for i in range(0, len(tried), size)
    ]
    return Sweep(tried, joined([future.result() for future in futures], REPORT))
