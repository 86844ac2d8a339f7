"""``leaderkit competitions``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import rich_click as click

from submission.commands import options
from submission.terminal.output import print_json, tell
from submission.terminal.tables import print_facts, print_table

if TYPE_CHECKING:
    from submission.competitions import Competition
    from submission.competitions.profile import Formula, SubmissionFormat, Term

REFERENCES = {"first": "only the first counts", "mean": "their mean", "max": "the best of them"}


@click.command()
@click.argument("name", type=options.NAME, required=False, metavar="[NAME|FOLDER]")
@options.as_json()
def command(name: str | None, as_json: bool) -> None:
    """List the competitions, or show one: its columns, submission, formula, rules and scores.

    Certainty says how each part is known: H, read in the rules, the data or the scorer itself; M,
    several participants agree; L, inferred.
    """
    from submission.competitions import find_competition, shipped_competitions

    if name is None:
        listed = [find_competition(shipped) for shipped in shipped_competitions()]
        if as_json:
            print_json([_everything(competition) for competition in listed])
        else:
            _print_list(listed)
        return
    competition = find_competition(name)
    if as_json:
        print_json(_everything(competition))
    else:
        _print_one(competition)


def _everything(competition: Competition) -> dict[str, Any]:
    from submission.competitions import known_scores

    profile = competition.profile
    declared = profile.model_dump(mode="json")
    return {
        **declared,
        "score": {**declared["score"], "formula": _formula(profile.score)},
        "submission": {
            **declared["submission"],
            "shape": _shape(profile.submission),
            "columns": profile.submission.columns,
            "column_count": len(profile.submission.columns),
        },
        "known_scores": [asdict(known) for known in known_scores(competition)],
        "folder": competition.folder,
    }


def _formula(formula: Formula) -> str:
    if formula.code is not None:
        text, several = f"{formula.name} ({formula.code})", False
    elif formula.groups:
        parts = [
            f"{_weight(group.weight)}{group.value}: {_terms(group.terms)}"
            for group in formula.groups
        ]
        text, several = f"mean of [{']; ['.join(parts)}]", False
    else:
        text, several = _terms(formula.terms), len(formula.terms) > 1
    if formula.scale == 1:
        return text
    return f"{formula.scale:g} × " + (f"({text})" if several else text)


def _terms(terms: list[Term]) -> str:
    return " + ".join(f"{_weight(term.weight)}{term.metric}" for term in terms)


def _weight(weight: float) -> str:
    return "" if weight == 1 else f"{weight:.4g} × "


def _shape(submission: SubmissionFormat) -> str:
    columns = [submission.id, *([submission.answer] if submission.answer else [])]
    if submission.vectors:
        last = submission.vectors.dimension - 1
        columns.append(f"{submission.vectors.prefix}0..{last}")
    bom = ", byte-order mark" if submission.bom else ""
    return f"{submission.format}: {', '.join(columns)}{bom}"


def _print_list(competitions: list[Competition]) -> None:
    print_table(
        ["Name", "Title", "Score", "Public", "Submission"],
        [
            (
                competition.name,
                competition.profile.title,
                _formula(competition.profile.score),
                _share(competition.profile.public_share),
                _shape(competition.profile.submission),
            )
            for competition in competitions
        ],
    )


def _print_one(competition: Competition) -> None:
    from submission.competitions import known_scores

    print_facts(_facts(competition))
    known = known_scores(competition)
    if known:
        tell()
        print_table(
            ["Known score", "Public", "Private", "Certainty", "Source"],
            [
                (it.name, _number(it.public), _number(it.private), it.certainty, it.source)
                for it in known
            ],
            names=False,
        )


def _facts(competition: Competition) -> list[tuple[str, str]]:
    profile = competition.profile
    score, submission, encoder = profile.score, profile.submission, profile.encoder
    certainty = [f"{part} {known}" for part, known in profile.certainty.items()]
    return [
        ("Name", profile.name),
        ("Title", profile.title),
        ("About", profile.about),
        ("Page", profile.url or ""),
        ("Test columns", ", ".join(profile.test.columns)),
        ("Train columns", ", ".join(profile.train.columns) if profile.train else ""),
        ("Submission", f"{_shape(submission)} ({len(submission.columns)} columns)"),
        ("Score", _score(score)),
        ("Shown beside it", ", ".join(score.also)),
        ("Several references", REFERENCES[score.references]),
        ("Only a proxy", score.proxy or ""),
        ("Encoder", f"{encoder.name}, {encoder.dimension} dimensions" if encoder else ""),
        ("Public share", _share(profile.public_share)),
        ("Submissions a day", str(profile.daily_submissions or "")),
        ("Constant answer", profile.constant_answer or ""),
        ("Rules", "\n".join(f"{rule.id}: {rule.text}" for rule in profile.rules)),
        ("Certainty", ", ".join(certainty)),
        ("Folder", competition.folder),
    ]


def _score(score: Formula) -> str:
    over = ", mean over rows" if score.terms else ""
    return f"{score.name}: {_formula(score)}{over}; {score.direction} is better"


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
