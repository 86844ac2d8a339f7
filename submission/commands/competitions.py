"""``leaderkit competitions``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from submission.commands import options
from submission.commands.new_competition import new
from submission.commands.views.reports import print_cases
from submission.terminal.output import print_json, tell
from submission.terminal.tables import print_facts, print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from submission.competitions import Competition
    from submission.competitions.format import SubmissionFormat
    from submission.competitions.formula import Formula, Term
    from submission.scoring.cases import CaseReport

REFERENCES = {"first": "only the first counts", "mean": "their mean", "max": "the best of them"}
OWN_RULE = "unless a metric's own definition says otherwise"


class _ByName(click.RichGroup):
    """A group that also takes the name or the folder of a competition for a command."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, else the one that shows that competition."""
        return super().get_command(ctx, cmd_name) or _showing(cmd_name)


@click.group(
    cls=_ByName, invoke_without_command=True, subcommand_metavar="[NAME|FOLDER|new FOLDER]"
)
@options.as_json()
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """List the competitions, or show one: its columns, submission, formula, rules and scores.

    A folder of your own is checked, and its cases are run: all problems are listed at once.
    Certainty says how each part is known: H, read in the rules, the data or the scorer itself; M,
    several participants agree; L, inferred. The command new writes such a folder from a contest's
    files; a folder that is called new is given as ./new.
    """
    from submission.competitions import find_competition, shipped_competitions

    if ctx.invoked_subcommand is not None:
        return
    listed = [find_competition(shipped) for shipped in shipped_competitions()]
    if as_json:
        print_json([_everything(competition) for competition in listed])
    else:
        _print_list(listed)


command.add_command(new)


def _showing(name: str) -> click.Command:
    @click.command(name=name, help="Show one competition, or check a folder of your own.")
    @options.as_json()
    @click.pass_context
    def shown(ctx: click.Context, as_json: bool) -> None:
        _show(name, as_json=as_json or (ctx.parent is not None and ctx.parent.params["as_json"]))

    return shown


def _show(name: str, *, as_json: bool) -> None:
    from submission.competitions import find_competition, shipped_competitions
    from submission.files.named import named

    shipped = name in shipped_competitions()
    # A folder of one's own is checked; what comes with the package is, before it comes.
    cases = None if shipped else _checked(named(name))
    competition = find_competition(name)
    if as_json:
        told = {} if cases is None else {"cases": asdict(cases)}
        print_json({**_everything(competition), **told})
        return
    _print_one(competition)
    if cases is not None:
        print_cases(cases)


def _checked(folder: Path) -> CaseReport | None:
    from submission.check.competition import check_folder
    from submission.competitions.find import DECLARATION

    if folder.name == DECLARATION:
        folder = folder.parent
    return check_folder(folder) if (folder / DECLARATION).is_file() else None


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
            "columns": profile.submission.header,
            "column_count": len(profile.submission.header),
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
    return " + ".join(
        f"{_weight(term.weight)}{term.metric}{f' of {term.of}' if term.of else ''}"
        for term in terms
    )


def _weight(weight: float) -> str:
    return "" if weight == 1 else f"{weight:.4g} × "


def _shape(submission: SubmissionFormat) -> str:
    vectors = submission.vectors.columns if submission.vectors else []
    columns = [name or "(index)" for name in submission.header if name not in set(vectors)]
    if submission.vectors:
        columns.append(f"{submission.vectors.prefix}0..{submission.vectors.dimension - 1}")
    bom = ", byte-order mark" if submission.bom else ""
    suffix = f" named {submission.suffix}" if submission.suffix else ""
    return f"{submission.format}{suffix}: {', '.join(columns)}{bom}"


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

    print_facts(facts(competition))
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


def _names(columns: Sequence[str]) -> str:
    return ", ".join(name or "(index)" for name in columns)


def facts(competition: Competition) -> list[tuple[str, str]]:
    """What a profile says, by name; nothing where it says nothing."""
    profile = competition.profile
    score, submission, encoder = profile.score, profile.submission, profile.encoder
    certainty = [f"{part} {known}" for part, known in profile.certainty.items()]
    return [
        ("Name", profile.name),
        ("Title", profile.title),
        ("About", profile.about),
        ("Page", profile.url or ""),
        ("Test columns", _names(profile.test.columns)),
        ("Train columns", _names(profile.train.columns) if profile.train else ""),
        ("Submission", f"{_shape(submission)} ({len(submission.header)} columns)"),
        ("Score", _score(score)),
        ("Shown beside it", ", ".join(score.also)),
        ("Several references", f"{REFERENCES[score.references]}, {OWN_RULE}"),
        ("Only a proxy", score.proxy or ""),
        ("Encoder", f"{encoder.name}, {encoder.dimension} dimensions" if encoder else ""),
        ("Public share", _share(profile.public_share)),
        ("Submissions a day", str(profile.daily_submissions or "")),
        ("Constant answer", profile.constant_answer or ""),
        ("Rules", "\n".join(f"{rule.id}: {rule.text}" for rule in profile.rules)),
        ("Scorer's quirks", "\n".join(quirk.text for quirk in profile.quirks) or "none known"),
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
