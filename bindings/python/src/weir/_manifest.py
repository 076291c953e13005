"""Kubernetes manifests to policies."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, overload

from ._configs import HPAConfig, KPAConfig, ScaledObjectConfig
from ._core import ffi, lib
from ._errors import Error, FieldError, check, did_you_mean, text
from ._fields import Config
from ._machines import Autoscaler, autoscaler
from ._time import Time

_CONFIGS: dict[int, type[Config]] = {c.kind: c for c in (KPAConfig, HPAConfig, ScaledObjectConfig)}
_KINDS: dict[int, Literal["kpa", "hpa", "keda"]] = {
    lib.WEIR_KIND_KPA: "kpa",
    lib.WEIR_KIND_HPA: "hpa",
    lib.WEIR_KIND_KEDA: "keda",
}
_SEVERITIES: tuple[Literal["error", "warning", "notice"], ...] = ("error", "warning", "notice")


@dataclass(frozen=True)
class Problem:
    """Something about a manifest that is wrong, or passed over."""

    severity: Literal["error", "warning", "notice"]
    file: str
    line: int
    column: int
    path: str
    message: str
    stage: str  # where a cluster refuses it, "webhook"; "" where that is not said
    rule: str  # a hazard's stable id; "" for others

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place}: {self.severity}: {self.path + ': ' if self.path else ''}{self.message}"


class ManifestError(Error, ValueError):
    """Manifests that no cluster would run. ``problems`` has all that is wrong with them."""

    code = "WEIR_E_PARSE"

    def __init__(self, problems: Sequence[Problem]) -> None:
        errors = [p for p in problems if p.severity == "error"]
        first = errors[0]
        super().__init__(
            "\n".join(map(str, errors)), path=first.path, line=first.line, column=first.column, code="WEIR_E_PARSE"
        )
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return ManifestError, (self.problems,)


@dataclass(frozen=True)
class Policy:
    """An autoscaler that manifests describe: its configuration, and where it comes from."""

    config: Config
    kind: Literal["kpa", "hpa", "keda"]
    api_kind: str  # "ScaledObject"
    namespace: str
    name: str
    file: str
    line: int
    maker: str  # "InferenceService/llm": what a controller makes it of; "" for one in the files itself

    def start(self, now: Time | None = None, *, ready: int = 0) -> Autoscaler[Any]:
        """The autoscaler itself: KPA, HPA or ScaledObject."""
        return autoscaler(self.config, start=now, ready=ready)


class Policies(Sequence[Policy]):
    """What manifests describe, in the order of the files; by number or by name."""

    def __init__(self, policies: Iterable[Policy], problems: Iterable[Problem]) -> None:
        self._policies = tuple(policies)
        self.problems = tuple(problems)

    @overload
    def __getitem__(self, index: int | str) -> Policy: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Policy, ...]: ...
    def __getitem__(self, index: int | str | slice) -> Policy | tuple[Policy, ...]:
        if not isinstance(index, str):
            return self._policies[index]
        for policy in self._policies:
            if policy.name == index:
                return policy
        names = [policy.name for policy in self._policies]
        raise KeyError(f"there is no policy {index!r}; there are {', '.join(names)}" + did_you_mean(index, names))

    def __len__(self) -> int:
        return len(self._policies)

    def __iter__(self) -> Iterator[Policy]:
        return iter(self._policies)

    def __repr__(self) -> str:
        return f"Policies({', '.join(f'{p.api_kind}/{p.name}' for p in self._policies)})"


def _problems(manifest: Any) -> list[Problem]:
    found = []
    for i in range(lib.weir_manifest_problem_count(manifest)):
        p = lib.weir_manifest_get_problem(manifest, i)
        found.append(
            Problem(
                _SEVERITIES[p.severity],
                text(p.file),
                p.error.line,
                p.error.column,
                text(p.error.path),
                text(p.error.message),
                text(lib.weir_stage_name(p.stages)),
                text(p.rule),
            )
        )
    return found


def _policy(item: Any) -> Policy:
    config = _CONFIGS[item.kind]
    maker = text(item.maker_kind)
    return Policy(
        config._of_c(ffi.cast(f"const {config._ctype} *", item.config)),
        _KINDS[item.kind],
        text(item.api_kind),
        text(item.name_space),
        text(item.name),
        text(item.file),
        item.line,
        f"{maker}/{text(item.maker_name)}" if maker else "",
    )


def _read(files: Iterable[tuple[str, bytes]], hazards: bool) -> Policies:
    out = ffi.new("weir_manifest **")
    check(lib.weir_manifest_create(ffi.NULL, out))
    manifest = ffi.gc(out[0], lib.weir_manifest_free)
    for name, raw in files:
        check(lib.weir_manifest_add(manifest, os.fsencode(name), raw, len(raw)))
    check(lib.weir_manifest_finish(manifest))
    if hazards:
        check(lib.weir_manifest_check(manifest))
    problems = _problems(manifest)
    if any(p.severity == "error" for p in problems):
        raise ManifestError(problems)
    items = [lib.weir_manifest_get_item(manifest, i) for i in range(lib.weir_manifest_item_count(manifest))]
    return Policies([_policy(item) for item in items], problems)


def load(*paths: str | os.PathLike[str], hazards: bool = False) -> Policies:
    """Reads manifests, YAML or JSON, in the order in which they would be applied.

    Knative Services and their ConfigMaps, HorizontalPodAutoscalers, ScaledObjects, and KServe's
    objects as its controllers make them. What no cluster would run is ManifestError, with everything
    that is wrong. ``hazards`` adds what is accepted and will not do what it seems to, to the problems.
    """
    if not paths:
        raise FieldError("must be at least one file", path="paths")
    return _read(((os.fspath(path), Path(path).read_bytes()) for path in paths), hazards)


def loads(manifests: str | bytes, *, file: str = "<string>", hazards: bool = False) -> Policies:
    """As :func:`load`, of a text."""
    if not isinstance(manifests, (str, bytes)):
        raise FieldError(f"must be a text or bytes, got {type(manifests).__name__}", path="manifests")
    return _read([(file, manifests.encode() if isinstance(manifests, str) else manifests)], hazards)
