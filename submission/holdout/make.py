"""From the organizer's training file to a local test set."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from submission import __version__
from submission.competitions.profile import Profile
from submission.errors import InputError
from submission.files.atomic import atomic_folder, write_bytes
from submission.holdout.cells import Cell, askable, make_cells
from submission.holdout.closeness import Closeness, compare_cells, warnings
from submission.holdout.draw import CategoryShare, draw
from submission.holdout.files import STORY, test_ids, write_tables
from submission.holdout.groups import Group, Grouping, describe, group_rows
from submission.holdout.match import match
from submission.holdout.options import Options, exactly, joined_share, never_joined
from submission.holdout.similarity import Measure
from submission.holdout.source import Source, questions_asked, read_source, unshared
from submission.holdout.target import Target, read_target
from submission.holdout.verify import Closest, verify
from submission.prompts.compound import is_compound
from submission.prompts.template import render
from submission.records.rows import TrainingRow


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of the source and of its two sides; test cells, and those with two questions."""

    rows: int
    train: int
    held_out: int
    test: int
    joined: int


@dataclass(frozen=True, slots=True)
class Report:
    """What was made, and how well."""

    counts: Counts
    groups: Grouping
    categories: tuple[CategoryShare, ...]
    closest: Closest | None
    warnings: tuple[str, ...]
    closeness: Closeness | None = None


def hold_out(
    profile: Profile, train: Path, out: Path, options: Options, like: Path | None = None
) -> Report:
    """Write a local test set and what remains of train into the folder ``out``, whole.

    With ``like``, the organizer's test file, cells are chosen to be like its. The same files,
    options and version give the same bytes on every machine.

    Raises:
        InputError: the competition, the file, an option or the folder cannot be used.
        CheckFailed: the files, once made, were found to leak; none of them is kept.
    """
    source = read_source(profile, train)
    categories = [row.category for row in source.rows]
    target = None if like is None else _target(profile, like, categories, options)
    joined = exactly(joined_share(profile, options)) if target is None else target.joined
    with atomic_folder(out) as folder:
        asked = [questions_asked(profile, row) for row in source.rows]
        measure = Measure.of(text for texts in asked for text in texts)
        apart = [unshared(source.columns, row) for row in source.rows]
        groups = group_rows(asked, apart, measure, options.similarity)
        rng = random.Random(options.seed)  # noqa: S311 -- a draw to repeat, not a secret
        share = exactly(options.share)
        if target is None:
            drawn = draw(groups, categories, share, rng)
            cells = make_cells(source.rows, drawn.held_out, _group_of(groups), joined, rng)
            closeness = None
        else:
            phrasings = [_phrasings(profile, row) for row in source.rows]
            drawn, cells = match(phrasings, groups, categories, share, target, rng)
            closeness = compare_cells(target, cells, categories, joined)
        write_tables(folder, profile, source, cells)
        closest = verify(folder, profile, source, cells, measure, options.similarity)
        report = Report(
            counts=_count(source, cells),
            groups=describe(groups),
            categories=drawn.categories,
            closest=closest,
            warnings=(
                *drawn.warnings,
                *_too_few_joined(cells, float(joined)),
                *(warnings(closeness) if closeness else ()),
            ),
            closeness=closeness,
        )
        about = {
            "leaderkit": __version__,
            "competition": profile.name,
            "source": {"file": train.name, "sha256": source.sha256},
            "options": {**asdict(options), "joined": float(joined)},
            "match": target and {"file": target.file, "sha256": target.sha256},
        }
        story = {**about, **asdict(report), "test": _made_of(source, cells)}
        text = json.dumps(story, ensure_ascii=False, indent=2) + "\n"
        write_bytes(folder / STORY, text.encode())
    return report


def _target(profile: Profile, path: Path, categories: Sequence[str], options: Options) -> Target:
    if options.joined is not None:
        raise InputError(
            "--joined cannot be combined with --match, which takes the share of joined cells "
            "from the test file."
        )
    return read_target(profile, path, categories, joins=never_joined(profile) is None)


def _phrasings(profile: Profile, row: TrainingRow) -> Sequence[str]:
    """What may stand in a test cell for a row; nothing where all of it is several questions."""
    if profile.test.template is not None:
        return [render(profile.test.template, row=row.row)]
    texts = askable(row)
    joins = never_joined(profile) is None
    return [] if joins and any(map(is_compound, texts)) else texts


def _group_of(groups: Sequence[Group]) -> list[int]:
    number = {row: place for place, group in enumerate(groups) for row in group}
    return [number[row] for row in range(len(number))]


def _made_of(source: Source, cells: Sequence[Cell]) -> dict[str, list[str]]:
    """The ids of the training rows behind each test id."""
    return {
        test_id: [source.rows[row].id for row in cell.rows]
        for test_id, cell in zip(test_ids(len(cells)), cells, strict=True)
    }


def _count(source: Source, cells: Sequence[Cell]) -> Counts:
    held_out = sum(len(cell.rows) for cell in cells)
    return Counts(
        rows=len(source.rows),
        train=len(source.rows) - held_out,
        held_out=held_out,
        test=len(cells),
        joined=sum(len(cell.rows) > 1 for cell in cells),
    )


def _too_few_joined(cells: Sequence[Cell], joined: float) -> list[str]:
    found = sum(len(cell.rows) > 1 for cell in cells)
    wanted = joined * len(cells)
    if wanted - found <= 1:
        return []
    message = (
        f"{found} of {len(cells)} test cells hold two questions, {wanted:.0f} wanted: the other "
        "rows already hold several questions each."
    )
    return [message]
