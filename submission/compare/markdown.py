"""A comparison as Markdown, to paste into an issue or a notebook."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from math import isnan

from evaluators import LeaderboardRow
from evaluators.report.leaderboard import UNDEFINED
from evaluators.text.cells import one_line
from submission.compare.comparison import Comparison
from submission.compare.explanations import explanations
from submission.compare.serialize import group_lines

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#&~$])")


def to_markdown(comparison: Comparison) -> str:
    """The leaderboard, what explains it, and the breakdowns, as tables."""
    lines = [*_board(comparison), "", *_notes(comparison)]
    known = [row for row in comparison.rows if row.kind == "known"]
    if known:
        lines += ["", "## Known scores of the organizer's leaderboard", ""]
        lines += _table(
            ["score", "name", "note", "source"],
            ([f"{row.score:.4f}", row.name, row.note, row.source] for row in known),
        )
    if comparison.breakdowns:
        lines += ["", "## By group", ""]
        lines += _table(
            ["dimension", "group", "run", "metric", "score", "95%", "n"],
            (
                [
                    line.dimension,
                    line.group or "(empty)",
                    line.run,
                    line.metric,
                    f"{line.score:.4f}",
                    _between(line.low, line.high),
                    str(line.n),
                ]
                for line in group_lines(comparison)
            ),
        )
    for found in comparison.sensitivity:
        lines += ["", f"## {_escaped(found.metric)} by tokenizer", ""]
        lines += _table(
            ["run", *found.tokenizers],
            (
                [run, *(f"{score:.4f} (#{rank})" for score, rank in zip(*pair, strict=True))]
                for run, *pair in zip(found.systems, found.scores, found.ranks, strict=True)
            ),
        )
        lines += ["", *(f"- {_escaped(str(flip))}" for flip in found.flips)]
    return "\n".join(lines) + "\n"


def _board(comparison: Comparison) -> Iterator[str]:
    ranked = [row for row in comparison.rows if row.kind != "known"]
    others = list(dict.fromkeys(name for row in ranked for name in row.others))
    yield "# Leaderboard"
    yield ""
    yield from _table(
        [
            "#", "name", "score", "95%", "n", "difference", "95%", "p", "p Holm", "detectable",
            "win/tie/loss", "public part", "organizer", "expected", "degenerate", "seconds",
            "tokens in/out", "cost", *others, "note",
        ],
        ([*_cells(row), *_other_cells(row, others), _note(row)] for row in ranked),
    )  # fmt: skip


def _cells(row: LeaderboardRow) -> list[str]:
    return [
        str(row.rank),
        row.name,
        f"{row.score:.4f}",
        _between(row.low, row.high),
        str(row.n),
        _number(row.difference, "+.4f"),
        _between(row.difference_low, row.difference_high, "+.3f"),
        _number(row.p_value),
        _number(row.p_adjusted),
        _number(row.detectable),
        "" if row.wins is None else f"{row.wins}/{row.ties}/{row.losses}",
        _between(row.public_low, row.public_high),
        _number(row.public),
        _between(row.expected_low, row.expected_high),
        "" if row.any_degenerate is None else str(row.any_degenerate),
        _number(row.seconds, ".1f"),
        "" if row.prompt_tokens is None else f"{row.prompt_tokens}/{row.completion_tokens}",
        "" if row.money is None else f"{row.money:.4f} {row.currency}",
    ]


def _other_cells(row: LeaderboardRow, names: Sequence[str]) -> list[str]:
    found = [row.others.get(name) for name in names]
    return ["" if each is None else f"{each.value:.4f}{_mark(each.proxy)}" for each in found]


def _note(row: LeaderboardRow) -> str:
    return f"{row.note}{_mark(row.proxy)}".strip()


def _mark(proxy: str | None) -> str:
    return " (proxy)" if proxy else ""


def _notes(comparison: Comparison) -> list[str]:
    notes = [f"- {_escaped(str(note))}" for note in explanations(comparison)]
    return [*notes, f"- Score: `{one_line(comparison.signature).replace('`', '')}`"]


def _number(value: float | None, form: str = ".4f") -> str:
    return "" if value is None else format(value, form)


def _between(low: float | None, high: float | None, form: str = ".3f") -> str:
    if low is None or high is None:
        return ""
    if isnan(low) or isnan(high):
        return UNDEFINED
    return f"{low:{form}} … {high:{form}}"


def _table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(map(_escaped, headers))} |"
    yield f"|{'---|' * len(headers)}"
    for row in rows:
        yield f"| {' | '.join(map(_escaped, row))} |"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", one_line(text))
