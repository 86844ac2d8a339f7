"""Rows that training does not see."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from submission.competitions import Competition
from submission.errors import InputError
from submission.models import digest
from submission.recipes.schema import Recipe
from submission.records import Reference, TrainingRow, read_references, read_training

LOSS = "loss"
"""The name of the held-out responses' mean loss, where a metric's spec is expected."""


@dataclass(frozen=True)
class HeldOut:
    """Held-out rows of a competition's training format, with what is needed to score answers.

    ``encoder`` replaces the competition's, as in scoring.
    """

    competition: Competition
    rows: Sequence[TrainingRow]
    references: Sequence[Reference]
    encoder: str | None = None

    @classmethod
    def read(cls, competition: Competition, path: Path, encoder: str | None = None) -> HeldOut:
        """All rows of a file in the format of the competition's training file."""
        rows = read_training(competition.profile, path)
        return cls(competition, rows, read_references(competition.profile, path), encoder)

    def only(self, ids: set[str]) -> HeldOut:
        """Only the rows with these ids."""
        return HeldOut(
            self.competition,
            [row for row in self.rows if row.id in ids],
            [reference for reference in self.references if reference.id in ids],
            self.encoder,
        )

    def first(self, count: int | None) -> HeldOut:
        """The first ``count`` rows; all where it is None."""
        return self if count is None else self.only({row.id for row in self.rows[:count]})

    def digest(self, recipe: Recipe, metric: str | None) -> str:
        """SHA-256 of what a model's figure on these rows depends on beside the model itself."""
        read = {"prompt"} if metric == LOSS else {"prompt", "sampling", "extraction"}
        rows = [asdict(row) for row in self.rows]
        references = [asdict(reference) for reference in self.references]
        return digest(
            [
                self.competition.name,
                str(self.encoder),
                str(metric),
                recipe.model_dump_json(include=read),
                json.dumps([rows, references], ensure_ascii=False, sort_keys=True),
            ]
        )


def hold_out(everything: HeldOut, share: float, seed: int) -> tuple[list[TrainingRow], HeldOut]:
    """A share of the rows, drawn by ``seed``, and the rows that stay for training.

    Rows with the same context or a question in common stay on one side, because knowing one
    gives away another. Raises :class:`InputError` where that leaves either side empty.
    """
    groups = _groups(everything.rows)
    random.Random(f"held out/{seed}").shuffle(groups)  # noqa: S311 -- no secret
    wanted = max(1, round(share * len(everything.rows)))
    chosen: set[str] = set()
    for group in groups:
        if len(chosen) + len(group) <= wanted:
            chosen |= {row.id for row in group}
    rest = [row for row in everything.rows if row.id not in chosen]
    if not chosen or not rest:
        raise InputError(
            f"training.evaluation.share={share} of {len(everything.rows)} rows cannot be held out: "
            "rows with the same context or question stay together. Raise it, or give --eval FILE."
        )
    return rest, everything.only(chosen)


def _groups(rows: Sequence[TrainingRow]) -> list[list[TrainingRow]]:
    groups: list[list[TrainingRow]] = []
    place_of: dict[str, int] = {}
    for row in rows:
        keys = [f"q{question}" for question in row.questions]
        keys += [f"c{row.context}"] if row.context else []
        met = sorted({place_of[key] for key in keys if key in place_of})
        place = met[0] if met else len(groups)
        if not met:
            groups.append([])
        groups[place].append(row)
        for other in met[1:]:
            groups[place] += groups[other]
            groups[other] = []
            place_of = {key: place if at == other else at for key, at in place_of.items()}
        place_of.update(dict.fromkeys(keys, place))
    return [group for group in groups if group]
