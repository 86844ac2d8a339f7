"""How a metric tells the registry what it is called and what it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from evaluators.errors import EvaluationError
from evaluators.metrics.rowwise import REFERENCES, check_references

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from evaluators.base import Direction, Metric, References
    from evaluators.encoders.base import Encoder


@dataclass(frozen=True)
class Option:
    """One ``key=value`` of a metric spec; ``default`` None means that there is none.

    ``problem`` says what is wrong with a value, and does not repeat it; None: nothing is.
    """

    name: str
    help: str
    default: str | None = None
    choices: tuple[str, ...] = ()
    kind: Literal["text", "flag", "integer"] = "text"
    problem: Callable[[str], str | None] | None = None


REFERENCES_OPTION = Option(
    "references", "how several references become one number", choices=tuple(REFERENCES)
)


@dataclass(frozen=True)
class Request:
    """Checked options and the caller's context, as a metric's builder receives them."""

    values: Mapping[str, str]
    encoder_factory: Callable[[], Encoder] | None
    default_references: References

    def text(self, name: str) -> str:
        """Return an option that has a value."""
        return self.values[name]

    def flag(self, name: str) -> bool:
        """Return a yes-or-no option."""
        return self.values[name] in _TRUE

    def integer(self, name: str) -> int | None:
        """Return a whole number, or None where it was not given."""
        value = self.values.get(name)
        return None if value is None else int(value)

    def references(self, default: References | None = None) -> References:
        """Return what the spec says, else ``default``, else what the caller uses."""
        given = self.values.get("references")
        return check_references(given) if given else default or self.default_references

    def encoder(self, metric: str) -> Encoder:
        """Load the encoder; raises EvaluationError where the caller offers none."""
        if self.encoder_factory is None:
            raise EvaluationError(
                f"{metric} needs an encoder: use --encoder PATH, a hub name, or "
                "--encoder offline for a proxy score"
            )
        return self.encoder_factory()


@dataclass(frozen=True)
class Entry:
    """A metric as the registry lists it."""

    name: str
    help: str
    needs: str
    build: Callable[[Request], Metric]
    options: tuple[Option, ...] = ()
    direction: Direction = "higher"


_TRUE = ("1", "true", "yes", "on")
_FALSE = ("0", "false", "no", "off")


def check_value(metric: str, option: Option, value: str) -> None:
    """Raise EvaluationError unless ``value`` is one that ``option`` takes."""
    choices = option.choices or ((*_TRUE, *_FALSE) if option.kind == "flag" else ())
    if choices and value not in choices:
        raise EvaluationError(
            f"{metric}: {option.name}={value!r} is unknown: use one of {', '.join(choices)}"
        )
    if option.kind == "integer" and not (value.isascii() and value.isdigit()):
        raise EvaluationError(f"{metric}: {option.name}={value!r} is not a whole number from 0")
    if not value:
        raise EvaluationError(f"{metric}: {option.name} has no value: {option.help}")
    if option.problem is not None and (found := option.problem(value)):
        raise EvaluationError(f"{metric}: {option.name} {found}")
