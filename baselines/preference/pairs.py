"""Pairs of answers, one better than the other, in a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from baselines.training.held_out import draw_share, keys_of
from submission.errors import InputError
from submission.records.kin import kin
from submission.tables import JsonText, Table, read_table, write_jsonl

ROW = "row."


@dataclass(frozen=True, slots=True)
class Pair:
    """A prompt with the answer that was chosen over the rejected one.

    ``row`` has the test row's columns by name, and ``options`` its options behind their labels, for
    templates that read them.
    """

    question: str
    context: str
    row: Mapping[str, str]
    chosen: str
    rejected: str
    options: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a pair comes from: the row and part of a run, both samples, and who chose.

    ``by`` is ``person``, or the signature of the metric whose scores stand beside it.
    """

    id: str
    part: int
    run: str
    by: str
    chosen_sample: int
    rejected_sample: int
    chosen_score: float | None = None
    rejected_score: float | None = None


def write_pairs(path: Path, pairs: Iterable[tuple[Pair, Origin]]) -> None:
    """Write JSON lines, whole, or leave what was there."""
    every = list(pairs)
    told = any(_told(pair) != _NOTHING_TOLD for pair, _ in every)
    write_jsonl(
        path,
        (
            {
                "id": origin.id,
                "part": origin.part,
                "context": pair.context,
                "question": pair.question,
                "chosen": pair.chosen,
                "rejected": pair.rejected,
                "row": dict(pair.row),
                **(_told(pair) if told else {}),
                **{key: value for key, value in asdict(origin).items() if key not in _PLACE},
            }
            for pair, origin in every
        ),
    )


_PLACE = ("id", "part")
_NOTHING_TOLD: dict[str, list[object]] = {"structured": [], "options": []}


def _told(pair: Pair) -> dict[str, list[object]]:
    """What templates need to know beside the cells: which of them are JSON, and the options."""
    structured = [name for name, cell in pair.row.items() if isinstance(cell, JsonText)]
    return {"structured": [*structured], "options": [list(each) for each in pair.options]}


def read_pairs(path: Path) -> list[Pair]:
    """The pairs in a file that :func:`write_pairs` or anyone else wrote.

    Needed are ``question`` (or ``prompt``), ``chosen`` and ``rejected``; ``context`` is empty
    where it is absent. Templates read ``row.NAME`` as ``row["NAME"]``, and where there are no
    such columns, every column.

    Raises :class:`InputError` for a missing column, an empty question, an empty chosen answer,
    and two answers that are alike.
    """
    table = read_table(path)
    asked = (
        "prompt" if "question" not in table.columns and "prompt" in table.columns else "question"
    )
    table.require([asked, "chosen", "rejected"])
    return [_pair(table, index, asked) for index in range(len(table))]


def hold_out_pairs(pairs: Sequence[Pair], share: float, seed: int) -> tuple[list[Pair], list[Pair]]:
    """The pairs that are learned, and a share of them, drawn by ``seed``, that is not.

    Pairs of one prompt, one context or one origin stay on one side. Raises :class:`InputError`
    where that leaves either side empty.
    """
    keys = [
        [*keys_of([each.question], each.context), *kin(each.row.get("id", ""), each.row)]
        for each in pairs
    ]
    chosen = draw_share(keys, share, seed)
    learned = [each for place, each in enumerate(pairs) if place not in chosen]
    return learned, [pairs[place] for place in sorted(chosen)]


def _pair(table: Table, index: int, asked: str) -> Pair:
    values = table.records[index].values
    for column in (asked, "chosen"):
        if not values[column].strip():
            raise InputError(
                f"{table.where(index, column)}: is empty. Fill it in, or remove the row."
            )
    chosen, rejected = values["chosen"].strip(), values["rejected"].strip()
    if chosen == rejected:
        raise InputError(
            f"{table.where(index, 'rejected')}: is the same as the chosen answer. Remove the row."
        )
    row = {key.removeprefix(ROW): text for key, text in values.items() if key.startswith(ROW)}
    row |= {name: JsonText(row[name]) for name in _listed(values, "structured") if name in row}
    options = tuple((str(each[0]), str(each[1])) for each in _listed(values, "options"))
    return Pair(values[asked], values.get("context", ""), row or values, chosen, rejected, options)


def _listed(values: Mapping[str, str], column: str) -> list[Any]:
    """The list under ``column`` in a file of :func:`write_pairs`; nothing in anyone else's."""
    cell = values.get(column)
    found = cell.value if "structured" in values and isinstance(cell, JsonText) else None
    return found if isinstance(found, list) else []
