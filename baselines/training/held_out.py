"""Rows that training does not see."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from submission.competitions import Competition
from submission.errors import InputError
from submission.files.digest import digest
from submission.recipes.schema import Recipe
from submission.records.kin import kin
from submission.records.read import read_references, read_training
from submission.records.rows import Reference, TrainingRow

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

    def some(self, count: int | None, seed: int) -> HeldOut:
        """``count`` rows, drawn by ``seed``; all where it is None or there are not as many."""
        places = drawn(len(self.rows), count, f"tried/{seed}")
        return self.only({self.rows[place].id for place in places})

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
                json.dumps([rows, references], ensure_ascii=False, sort_keys=True, default=dict),
            ]
        )


def drawn(many: int, count: int | None, seed: str) -> list[int]:
    """``count`` of ``many`` places in ascending order; those of a smaller count are among them."""
    places = list(range(many))
    if count is not None and count < many:
        random.Random(seed).shuffle(places)  # noqa: S311 -- no secret
        places = sorted(places[:count])
    return places


def hold_out(everything: HeldOut, share: float, seed: int) -> tuple[list[TrainingRow], HeldOut]:
    """The rows that stay for training, and a share of them, drawn by ``seed``, that does not.

    Rows with the same context or a question in common stay on one side, because knowing one
    gives away another, and so do rows that were made from one another (:func:`kin`). Raises
    :class:`InputError` where that leaves either side empty.
    """
    rows = everything.rows
    train = everything.competition.profile.train
    declared = [] if train is None else train.columns
    keys = [[*keys_of(row.questions, row.context), *kin(row.id, row.row, declared)] for row in rows]
    chosen = draw_share(keys, share, seed)
    rest = [row for place, row in enumerate(rows) if place not in chosen]
    return rest, everything.only({rows[place].id for place in chosen})


def keys_of(questions: Iterable[str], context: str) -> list[str]:
    """What rows must not have in common with rows on the other side."""
    return [*(f"q{question}" for question in questions), *([f"c{context}"] if context else [])]


def draw_share(keys: Sequence[Sequence[str]], share: float, seed: int) -> set[int]:
    """The places of at most ``share`` of the rows (one at least), drawn by ``seed``.

    ``keys`` are each row's (:func:`keys_of`); rows with one in common are drawn together or not at
    all. Raises :class:`InputError` where that draws none or all.
    """
    groups = _groups(keys)
    random.Random(f"held out/{seed}").shuffle(groups)  # noqa: S311 -- no secret
    wanted = max(1, round(share * len(keys)))
    chosen: set[int] = set()
    for group in groups:
        if len(chosen) + len(group) <= wanted:
            chosen.update(group)
    if not chosen or len(chosen) == len(keys):
        raise InputError(
            f"training.evaluation.share={share} of {len(keys)} rows leaves none "
            f"{'to train on' if chosen else 'to hold out'}: rows with the same context, question "
            f"or origin stay together. {'Lower' if chosen else 'Raise'} it, or give --eval FILE."
        )
    return chosen


def _groups(keys: Sequence[Sequence[str]]) -> list[list[int]]:
    """The places of rows that have a key in common, directly or through others, together."""
    parent = list(range(len(keys)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    first: dict[str, int] = {}
    for place, own in enumerate(keys):
        for key in own:
            one, other = sorted((root(first.setdefault(key, place)), root(place)))
            parent[other] = one
    groups: dict[int, list[int]] = {}
    for place in range(len(keys)):
        groups.setdefault(root(place), []).append(place)
    return list(groups.values())
