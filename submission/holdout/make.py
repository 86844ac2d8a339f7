"""From the organizer's training file to a local test set."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from submission import __version__
from submission.competitions.profile import Profile
from submission.files.atomic import atomic_folder, write_bytes
from submission.holdout.cells import Cell, askable, make_cells
from submission.holdout.closeness import Closeness, compare_cells, warnings
from submission.holdout.dates import read_dates
from submission.holdout.draw import CategoryShare, Draw, LabelShare, draw, label_shares
from submission.holdout.files import STORY, Files, test_ids
from submission.holdout.groups import Group, Grouping, describe, group_rows
from submission.holdout.latest import latest
from submission.holdout.match import match
from submission.holdout.options import Options, exactly, joined_share, never_joined
from submission.holdout.similarity import Measure
from submission.holdout.source import Source, questions_asked, read_source
from submission.holdout.target import Target, read_target
from submission.holdout.verify import Closest, verify
from submission.prompts.compound import is_compound
from submission.records.read import question_text
from submission.records.rows import TrainingRow
from submission.tables import read_table


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
    labels: tuple[LabelShare, ...] = ()


@dataclass(frozen=True)
class Material:
    """The training file, and what of it belongs together."""

    profile: Profile
    source: Source
    options: Options
    files: Files
    measure: Measure
    groups: Sequence[Group]
    categories: Sequence[str]
    labels: Sequence[str]

    @classmethod
    def read(
        cls, profile: Profile, train: Path, options: Options, like: Path | None = None
    ) -> Material:
        """Raises :class:`InputError` where the competition or the file cannot be used."""
        source = read_source(profile, train, options.group_by)
        unnamed = profile.test.unnamed_index
        known = () if like is None else read_table(like, unnamed_index=unnamed).columns
        asked = [questions_asked(profile, row) for row in source.rows]
        measure = Measure.of(text for texts in asked for text in texts)
        apart = [source.unshared(row) for row in source.rows]
        return cls(
            profile,
            source,
            options,
            Files.of(profile, source, known),
            measure,
            group_rows(asked, apart, measure, options.similarity),
            [row.category for row in source.rows],
            [source.labels.label(row) for row in source.rows],
        )

    @property
    def group_of(self) -> list[int]:
        """The number of every row's group."""
        number = {row: place for place, group in enumerate(self.groups) for row in group}
        return [number[row] for row in range(len(number))]

    def write(
        self, folder: Path, drawn: Draw, cells: Sequence[Cell], ids: Sequence[str], joined: float
    ) -> Report:
        """Write a test set and what remains of train, and look for leaks."""
        self.files.write(folder, cells, ids)
        closest = verify(folder, self.files, cells, self.measure, self.options.similarity)
        return Report(
            counts=_count(self.source, cells),
            groups=describe(self.groups),
            categories=drawn.categories,
            closest=closest,
            warnings=(*drawn.warnings, *_too_few_joined(cells, joined)),
            labels=label_shares(self.labels, drawn.held_out),
        )

    def story(self, joined: float, target: Target | None = None) -> dict[str, object]:
        """What the files were made of, and how."""
        options = {**asdict(self.options), "share": self.options.held_share, "joined": joined}
        if self.options.folds is not None:  # every row is held out once
            del options["share"]
        return {
            "leaderkit": __version__,
            "competition": self.profile.name,
            "source": {"file": self.source.table.path.name, "sha256": self.source.sha256},
            "options": options,
            "match": target and {"file": target.file, "sha256": target.sha256},
        }

    def made_of(self, cells: Sequence[Cell], ids: Sequence[str]) -> dict[str, list[str]]:
        """The ids of the training rows behind each test id."""
        return {
            test_id: [self.source.rows[row].id for row in cell.rows]
            for test_id, cell in zip(ids, cells, strict=True)
        }


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
    if like is not None:
        options.refuse_match()
    usual = joined_share(profile, options)
    with atomic_folder(out) as folder:
        material = Material.read(profile, train, options, like)
        rng = random.Random(options.seed)  # noqa: S311 -- a draw to repeat, not a secret
        if like is None:
            target, closeness, joined = None, None, exactly(usual)
            drawn = _drawn(material, rng)
            rows = material.source.rows
            cells = make_cells(rows, drawn.held_out, material.group_of, joined, rng)
        else:
            target = _target(material, like)
            joined = target.joined
            drawn, cells = _matched(material, target, rng)
            closeness = compare_cells(target, cells, material.categories, joined)
        ids = test_ids(len(cells))
        report = material.write(folder, drawn, cells, ids, float(joined))
        if closeness is not None:
            told = (*report.warnings, *warnings(closeness))
            report = replace(report, warnings=told, closeness=closeness)
        about = material.story(float(joined), target)
        write_story(folder, {**about, **asdict(report), "test": material.made_of(cells, ids)})
    return report


def write_story(folder: Path, story: Mapping[str, object]) -> None:
    """Write down how the files beside it were made."""
    text = json.dumps(story, ensure_ascii=False, indent=2) + "\n"
    write_bytes(folder / STORY, text.encode())


def _drawn(material: Material, rng: random.Random) -> Draw:
    options, share = material.options, exactly(material.options.held_share)
    groups, categories = material.groups, material.categories
    if options.by_time is None:
        return draw(groups, categories, share, rng, material.labels)
    dates = read_dates(material.source.table, options.by_time)
    return latest(groups, dates, categories, share)


def _target(material: Material, path: Path) -> Target:
    joins = never_joined(material.profile) is None
    return read_target(material.profile, path, material.categories, joins=joins)


def _matched(material: Material, target: Target, rng: random.Random) -> tuple[Draw, list[Cell]]:
    phrasings = [_phrasings(material.profile, row) for row in material.source.rows]
    share = exactly(material.options.held_share)
    return match(phrasings, material.groups, material.categories, share, target, rng)


def _phrasings(profile: Profile, row: TrainingRow) -> Sequence[str]:
    """What may stand in a test cell for a row; nothing where all of it is several questions."""
    if profile.test.template is not None:
        return [question_text(profile.test.template, row.row, row)]
    texts = askable(row)
    joins = never_joined(profile) is None
    return [] if joins and any(map(is_compound, texts)) else texts


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
