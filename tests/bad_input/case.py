"""What one case of the table says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.bad_input.world import Content

GENERATE = "generate nearest -c shop --test test.csv --train train.csv --run new"
CONSTANT = "generate constant -c shop --test test.csv --run new --set answer=네"
PROMPT = "generate recipe.toml -c shop --test test.csv --run new --model tiny --engine transformers"
SCORE = "score -c shop --predictions predictions.csv --references references.csv --rows out.csv"
SUBMIT = "submit -c shop --predictions predictions.csv --template template.csv --out out.csv"
CHECK = "check -c shop --submission submission.csv --template template.csv"
COMPARE = (
    "compare done -c shop --references references.csv --baseline predictions.csv --out out.csv"
)
HOLDOUT = "holdout -c shop --train train.csv --out held"
TRAIN = "train recipe.toml -c shop --data train.csv --out adapter --model tiny"
MERGE = "merge --base tiny --adapter folder --out merged"
RUN = "run experiment.toml"


@dataclass(frozen=True)
class Case:
    """A command over files of which one is bad, and what must be said about it.

    ``files`` are put over the good ones. ``says`` are parts of the message, white space apart.
    """

    name: str
    command: str
    says: tuple[str, ...]
    files: Mapping[str, Content] = field(default_factory=dict)
    code: int = 2


def swap(command: str, old: str, new: str) -> str:
    """A command with one argument replaced."""
    if f" {old}" not in command:
        raise ValueError(f"{old!r} is not in {command!r}")
    return command.replace(f" {old}", f" {new}", 1)
