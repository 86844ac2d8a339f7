"""A competition's page of the documentation, in Markdown."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path

from submission.commands.competitions import facts
from submission.competitions import Competition, known_scores
from submission.competitions.cases import Case, read_cases

_ABOVE = frozenset({"Name", "Title", "About", "Page", "Rules", "Scorer's quirks", "Folder"})
_CERTAINTY = (
    "Certainty: H, read in the rules, the data or the scorer itself; M, several participants\n"
    "agree; L, inferred."
)


def competition_page(competition: Competition) -> str:
    """What ``leaderkit competitions NAME`` shows, and the case that shows each quirk."""
    parts = [_head(competition), _facts(competition), _scores(competition)]
    parts += [_rules(competition), _quirks(competition)]
    return "\n".join(part for part in parts if part)


def _head(competition: Competition) -> str:
    profile = competition.profile
    title = f"[{profile.title}]({profile.url})" if profile.url else profile.title
    return f"# {competition.name}\n\n{title}. {profile.about}\n"


def _facts(competition: Competition) -> str:
    rows = [
        (name, _text(value)) for name, value in facts(competition) if value and name not in _ABOVE
    ]
    return _table(["", ""], rows) + f"\n{_CERTAINTY}\n"


def _scores(competition: Competition) -> str:
    known = known_scores(competition)
    if not known:
        return ""
    rows = [
        (
            _text(each.name),
            _number(each.public),
            _number(each.private),
            each.certainty,
            _text(each.source),
        )
        for each in known
    ]
    head = ["Score", "Public", "Private", "Certainty", "Source"]
    return "## Known scores\n\n" + _table(head, rows)


def _rules(competition: Competition) -> str:
    rules = competition.profile.rules
    if not rules:
        return ""
    return "## Rules\n\n" + _table(["Rule", ""], [(f"`{it.id}`", _text(it.text)) for it in rules])


def _quirks(competition: Competition) -> str:
    quirks = competition.profile.quirks
    if not quirks:
        return "## Quirks of the scorer\n\nNone is known.\n"
    cases = {case.name: case for case in read_cases(Path(competition.folder))}
    rows = [(_text(quirk.text), *_case(cases.get(quirk.case))) for quirk in quirks]
    head = ["What the organizer's scorer does", "Answer", "Reference", "Score of 0 to 1"]
    return "## Quirks of the scorer\n\n" + _table(head, rows)


def _case(case: Case | None) -> tuple[str, str, str]:
    if case is None:
        return "", "", ""
    answers = [
        "(none)" if row.answer is None else f"{_literal(row.answer)}{_own_id(row.id)}"
        for row in case.all_rows
    ]
    references = [" or ".join(map(_literal, row.references)) or "(none)" for row in case.all_rows]
    score = "the scorer stops" if case.expected is None else f"{case.expected:.4g}"
    return "<br>".join(answers), "<br>".join(references), score


def _own_id(row_id: str | int | None) -> str:
    return "" if row_id is None else f", id {_literal(row_id)}"


def _literal(value: object) -> str:
    """A JSON value as code, with what cannot be seen written as escapes."""
    written = json.dumps(value, ensure_ascii=False)
    return f"`{''.join(map(_visible, written))}`".replace("|", r"\|")


def _visible(sign: str) -> str:
    hidden = sign != " " and unicodedata.category(sign)[0] in "ZC"
    decomposed = unicodedata.category(sign)[0] == "M" or "\u1100" <= sign <= "\u11ff"
    return json.dumps(sign)[1:-1] if hidden or decomposed else sign


def _text(text: str) -> str:
    """A text as Markdown: its signs mean nothing, its lines stay lines."""
    for sign in "\\`*_[]<>|#":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\n", "<br>")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def competition_pages(competitions: Iterable[Competition]) -> Mapping[str, str]:
    """The pages by file name."""
    return {f"{each.name}.md": competition_page(each) for each in competitions}
