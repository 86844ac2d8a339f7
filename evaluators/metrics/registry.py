"""From ``NAME:key=value,...`` to a metric."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from evaluators.errors import EvaluationError
from evaluators.metrics.entry import Entry, Request, check_value
from evaluators.text.listed import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from evaluators.base import Direction, Metric, References
    from evaluators.encoders.base import Encoder


@dataclass(frozen=True)
class MetricSpec:
    """A metric's name and the options written after it; as text, what the user wrote."""

    name: str
    options: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        written = ",".join(f"{key}={value}" for key, value in self.options)
        return f"{self.name}:{written}" if written else self.name


def parse_spec(text: str) -> MetricSpec:
    """Read ``f1:rule=korquad1,references=max``.

    Raises EvaluationError for an unknown metric, option or value, naming what there is.
    """
    name, _, rest = text.strip().partition(":")
    entry = _entry(name.strip())
    options: dict[str, str] = {}
    for part in rest.split(",") if rest.strip() else []:
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise EvaluationError(
                f"{entry.name}: {part!r} is not an option: write NAME:key=value,key=value"
            )
        if key in options:
            raise EvaluationError(f"{entry.name}: {key} is given twice")
        _check_option(entry, key, value)
        options[key] = value
    return MetricSpec(entry.name, tuple(options.items()))


def build_metric(
    spec: str | MetricSpec,
    *,
    encoder_factory: Callable[[], Encoder] | None = None,
    default_references: References = "mean",
) -> Metric:
    """Build what ``spec`` asks for.

    ``encoder_factory`` is called only for a metric that embeds. ``default_references`` applies to
    metrics whose own definition leaves the aggregation open (cosine, jaccard). Raises
    EvaluationError for a bad spec, and where an encoder or a model is lacking.
    """
    if isinstance(spec, str):
        spec = parse_spec(spec)
    entry = _entry(spec.name)
    for key, value in spec.options:
        _check_option(entry, key, value)
    values = {each.name: each.default for each in entry.options if each.default is not None}
    values.update(spec.options)
    return entry.build(Request(values, encoder_factory, default_references))


def direction_of(spec: str) -> Direction:
    """Return which end of a metric is better, without building it; raises as ``parse_spec``."""
    return _entry(parse_spec(spec).name).direction


def available() -> tuple[Entry, ...]:
    """Return every metric, by name, with its one-line help and what it needs."""
    return tuple(_entries()[name] for name in sorted(_entries()))


@cache
def _entries() -> dict[str, Entry]:
    package = import_module("evaluators.metrics")
    modules = (
        import_module(f"{package.__name__}.{module.name}")
        for module in iter_modules(package.__path__)
        if module.name != "registry"
    )
    return {entry.name: entry for module in modules for entry in getattr(module, "ENTRIES", ())}


def _entry(name: str) -> Entry:
    entry = _entries().get(name)
    if entry is None:
        raise EvaluationError(f"there is no metric {name!r}{_choices(name, _entries())}")
    return entry


def _check_option(entry: Entry, key: str, value: str) -> None:
    option = next((each for each in entry.options if each.name == key), None)
    if option is None:
        raise EvaluationError(
            f"{entry.name} has no option {key!r}"
            f"{_choices(key, [each.name for each in entry.options])}"
        )
    check_value(entry.name, option, value)


def _choices(wrong: str, names: Iterable[str]) -> str:
    known = sorted(names)
    asked = wrong.lower()
    begun = [name for name in known if asked and name.startswith(asked)]
    close = begun or get_close_matches(asked, known, n=1)
    guess = f", perhaps {close[0]!r}" if close else ""
    listed = nearest(known, close[0] if close else asked)
    return f"{guess}: use one of {listed}" if known else ": it takes none"
