"""k local test sets that hold out every row once, for scores over all of the training file."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from submission.competitions.profile import Profile
from submission.files.atomic import atomic_folder
from submission.holdout.cells import make_cells
from submission.holdout.deal import deal, uneven
from submission.holdout.draw import Draw, category_shares
from submission.holdout.files import FOLDS, test_ids
from submission.holdout.make import Material, Report, write_story
from submission.holdout.options import Options, exactly, joined_share
from submission.tables import write_csv


@dataclass(frozen=True, slots=True)
class FoldsReport:
    """What was made, fold by fold."""

    folds: tuple[Report, ...]
    warnings: tuple[str, ...]


def fold_name(number: int) -> str:
    """What the folder of the fold is called; ``number`` counts from 1."""
    return f"fold-{number}"


def hold_out_folds(
    profile: Profile, train: Path, out: Path, options: Options, folds: int
) -> FoldsReport:
    """Write a test set and what remains of train for every fold into the folder ``out``, whole.

    Test ids differ between folds; ``out`` has the references to all of them in one file, and in
    ``folds.csv`` the fold of each. Raises what :func:`submission.holdout.hold_out` raises.
    """
    joined = exactly(joined_share(profile, options))
    with atomic_folder(out) as folder:
        material = Material.read(profile, train, options)
        rng = random.Random(options.seed)  # noqa: S311 -- a draw to repeat, not a secret
        dealt = deal(material.groups, material.categories, material.labels, folds, rng)
        all_rows, group_of = material.source.rows, material.group_of
        made = [make_cells(all_rows, rows, group_of, joined, rng) for rows in dealt]
        everything = [cell for cells in made for cell in cells]
        ids = test_ids(len(everything))
        about, wanted = material.story(float(joined)), _even(material, folds)
        reports: list[Report] = []
        rows_of: list[list[str]] = []
        for number, (rows, cells) in enumerate(zip(dealt, made, strict=True), start=1):
            own, start = fold_name(number), len(rows_of)
            part = ids[start : start + len(cells)]
            (folder / own).mkdir()
            shares = category_shares(material.categories, wanted, rows)
            drawn = Draw(rows, shares, ())
            report = material.write(folder / own, drawn, cells, part, float(joined))
            test = material.made_of(cells, part)
            write_story(folder / own, {**about, "fold": number, **asdict(report), "test": test})
            reports.append(report)
            rows_of += [[test_id, str(number)] for test_id in part]
        write_csv(folder / FOLDS, ["id", "fold"], rows_of, bom=False)
        material.files.write_references(folder, everything, ids)
        found = FoldsReport(tuple(reports), tuple(uneven(dealt, material.groups)))
        write_story(folder, {**about, **asdict(found)})
    return found


def _even(material: Material, folds: int) -> dict[str, int]:
    return {name: round(n / folds) for name, n in Counter(material.categories).items()}
