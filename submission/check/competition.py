"""A competition's own folder: everything that is wrong in it, before it is used."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel

from submission.check.findings import ERRORS
from submission.check.formula import fit_problems, formula_problems
from submission.competitions import Competition
from submission.competitions.cases import CASES, Case, read_cases
from submission.competitions.columns import TestColumns, TrainColumns
from submission.competitions.find import DECLARATION, KNOWN_COLUMNS, LEADERBOARD, known_score
from submission.competitions.formula import Formula
from submission.competitions.profile import Certainty, Profile
from submission.errors import InputError, few, locate
from submission.files.toml import read_toml, validate
from submission.prompts.template import columns_named, free_names
from submission.records.read import QUESTION_NAMES
from submission.scoring.cases import CaseReport, run_cases, try_code
from submission.tables import read_table

Model = TypeVar("Model", bound=BaseModel)

_RATED = ("columns", "submission", "score", "encoder", "public_share", "constant_answer", "pairing")
"""What a certainty is usually given for. Other names are free unless they resemble one of these."""
_MISSPELT = 0.8


def check_folder(folder: Path) -> CaseReport:
    """Check the declaration, its templates and formula and the leaderboard, and run the cases.

    Raises :class:`InputError` that lists every problem.
    """
    path = folder / DECLARATION
    data = read_toml(path)
    problems: list[str] = []
    profile = _try(Profile, data, path, problems)
    problems += _repeated_rules(data)
    problems += _certainty(data)
    score = profile.score if profile else _table(Formula, data, "score")
    broken = list(formula_problems(score, folder)) if score else []
    problems += broken
    test = profile.test if profile else _table(TestColumns, data, "test")
    train = profile.train if profile else _table(TrainColumns, data, "train")
    problems += _test(test) if test else []
    problems += _train(train) if train else []
    problems += _leaderboard(folder / LEADERBOARD)
    cases = _cases(folder, problems)
    report = CaseReport()
    if profile is not None:
        problems += _submission(profile)
        problems += _quirks(profile, cases)
        problems += _reference_columns(profile, cases)
        if not broken:
            competition = Competition(profile=profile, folder=str(folder))
            unfit = list(fit_problems(competition))
            problems += unfit
            if not unfit:
                report = _run(competition, cases)
            problems += report.problems
    if problems:
        raise InputError.listing(path, problems, most=None)
    return report


def _run(competition: Competition, cases: Sequence[Case]) -> CaseReport:
    code = competition.profile.score.code
    if code is None or any(case.expected is not None for case in cases):
        report = run_cases(competition, cases)
        return replace(report, problems=[f"{CASES}: {problem}" for problem in report.problems])
    return try_code(competition)


def _try(
    model: type[Model], data: dict[str, Any], source: Path, problems: list[str]
) -> Model | None:
    try:
        return validate(model, data, str(source))
    except InputError as error:
        problems += error.problems
        return None


def _table(model: type[Model], data: Mapping[str, Any], name: str) -> Model | None:
    """One table of a declaration that is wrong elsewhere; None where it is wrong itself."""
    table = data.get(name)
    return _try(model, table, Path(DECLARATION), []) if isinstance(table, dict) else None


def _repeated_rules(data: Mapping[str, Any]) -> Iterator[str]:
    rules = data.get("rules")
    ids = [str(rule.get("id")) for rule in rules or () if isinstance(rule, dict)]
    yield from (f"rules: the id '{name}' is there twice" for name in _twice(ids))


def _certainty(data: Mapping[str, Any]) -> Iterator[str]:
    table = data.get("certainty")
    for name in table if isinstance(table, dict) else ():
        close = difflib.get_close_matches(name, _RATED, n=1, cutoff=_MISSPELT)
        if close and name not in _RATED:
            yield f"certainty: '{name}' is not a part of a declaration, perhaps '{close[0]}'"


def _test(test: TestColumns) -> Iterator[str]:
    yield from _named_twice("test.columns", test.columns)
    yield from _named_twice("test.nfc", test.nfc)
    yield from _template("test.template", test.template, test.columns)


def _train(train: TrainColumns) -> Iterator[str]:
    for name in ("columns", "questions", "answers"):
        yield from _named_twice(f"train.{name}", getattr(train, name))
    yield from _template("train.template", train.template, train.columns)
    used: dict[str, Sequence[str | None]] = {
        "questions": train.questions,
        "answers": train.answers,
        "category": [train.category],
        "context": [train.context],
    }
    for key, names in used.items():
        for column in names:
            if column is not None and column not in train.columns:
                hint = _perhaps(column, train.columns)
                yield f"train.{key}: '{column}' is not among train.columns{hint}"


def _template(key: str, template: str | None, columns: Sequence[str]) -> Iterator[str]:
    if template is None:
        return
    try:
        named, free = columns_named(template), free_names(template)
    except InputError as error:
        yield f"{key}: {error}"
        return
    for name in free:
        if name not in QUESTION_NAMES:
            hint = f"; a column is row['{name}']" if name in columns else ""
            yield f"{key}: '{name}' is undefined: it is given {', '.join(QUESTION_NAMES)}{hint}"
    for name in named:
        # A member that holds others is named without what stands behind the dot.
        if name not in columns and not any(each.startswith(f"{name}.") for each in columns):
            yield f"{key}: row has no column '{name}'{_perhaps(name, columns)}"


def _submission(profile: Profile) -> Iterator[str]:
    submission, constant = profile.submission, profile.constant_answer
    same = submission.same_length_as
    if same is not None and same not in profile.test.columns:
        yield (
            f"submission.same_length_as: '{same}' is not among test.columns"
            f"{_perhaps(same, profile.test.columns)}"
        )
    labels = submission.labels
    if constant is not None and not constant.strip():
        yield "constant_answer: is empty"
    elif constant is not None and labels and constant not in labels:
        yield f"constant_answer: '{constant}' is not one of submission.labels ({few(labels)})"


def _quirks(profile: Profile, cases: Sequence[Case]) -> Iterator[str]:
    known = {case.name: case for case in cases}
    for quirk in profile.quirks:
        case = known.get(quirk.case)
        if case is None:
            yield f"quirks: {CASES} has no case '{quirk.case}'{_perhaps(quirk.case, known)}"
        elif case.fails is not bool(quirk.fails):
            yield f"quirks: 'fails' differs between the quirk and its case '{quirk.case}'"
        for code in quirk.fails:
            if code not in ERRORS:
                yield f"quirks: 'fails' has '{code}', no error of check{_perhaps(code, ERRORS)}"


def _reference_columns(profile: Profile, cases: Sequence[Case]) -> Iterator[str]:
    """Names that are nearly a known column's; references may have columns of their own."""
    known = {*profile.test.columns, *(profile.train.columns if profile.train else ())}
    named = {f"meta.{key}": name for key, name in profile.meta.model_dump().items()}
    named["score.group_by"] = profile.score.group_by
    own = {name for case in cases for row in case.all_rows for name in row.meta}
    for key, name in named.items():
        if name is None or name in known | own:
            continue
        if close := difflib.get_close_matches(name, known, n=1, cutoff=_MISSPELT):
            yield f"{key}: '{name}' is in no declared column and no case, perhaps '{close[0]}'"


def _cases(folder: Path, problems: list[str]) -> list[Case]:
    try:
        return read_cases(folder)
    except InputError as error:
        problems += (f"{CASES}: {problem}" for problem in error.problems)
        return []


def _leaderboard(path: Path) -> Iterator[str]:
    if not path.is_file():
        return
    try:
        table = read_table(path)
        table.require(KNOWN_COLUMNS)
    except InputError as error:
        yield str(error)
        return
    levels = get_args(Certainty)
    for record in table.records:
        where = locate(LEADERBOARD, record.line)
        try:
            known = known_score(Path(LEADERBOARD), record)
        except InputError as error:
            yield str(error)
            continue
        if known.public is None and known.private is None:
            yield f"{where}: has neither a public nor a private score"
        if known.certainty not in levels:
            yield f"{where}: certainty '{known.certainty}' is not one of {', '.join(levels)}"
        yield from (
            f"{where}: '{name}' is empty"
            for name in ("name", "source")
            if not record.values[name].strip()
        )


def _named_twice(key: str, names: Iterable[str]) -> Iterator[str]:
    yield from (f"{key}: the column '{name}' is named twice" for name in _twice(names))


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, n in Counter(names).items() if n > 1]


def _perhaps(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f", perhaps '{close[0]}'" if close else ""
