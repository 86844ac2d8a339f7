"""A report as JSON that may stand inside a ``<script>`` element."""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import numpy as np

from evaluators.report.leaderboard import LeaderboardRow
from evaluators.report.length import answer_lengths, length_trend
from evaluators.report.wording import Note, wording

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from evaluators.base import Score
    from evaluators.ranking.shakeup import Shakeup
    from evaluators.report.data import Report, ReportRow, ReportRun

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_DIGITS: Final = 6
# `<` could end the element or open a comment in it, the separators end a line of JavaScript, and
# half a surrogate pair cannot be written as UTF-8.
_UNSAFE: Final = re.compile("[<>&\u2028\u2029\ud800-\udfff]")


def embedded_json(report: Report) -> str:
    """Return everything the page reads. Nothing in it ends the element or opens another."""
    text = json.dumps(_plain(_payload(report)), ensure_ascii=False, separators=(",", ":"))
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _payload(report: Report) -> dict[str, object]:
    return {
        "language": report.language,
        "metric": asdict(report.metric),
        "baseline": report.baseline,
        "leaderboard": [_board_row(row) for row in report.leaderboard],
        "rows": _rows(report.rows),
        "runs": [_run(run) for run in report.runs],
        "groups": [asdict(each) for each in report.groups],
        "agreement": [asdict(each) for each in report.agreement],
        "public": _public(report.public) if report.public else None,
        "calibration": [asdict(each) for each in report.calibration],
        "fit": asdict(report.fit) if report.fit else None,
        "effects": [asdict(each) for each in report.effects],
        "lengths": _lengths(report.runs),
        "notes": [_note(note) for note in report.notes],
        "known_notes": {name: _note(note) for name, note in report.known_notes.items()},
        "words": wording(),
    }


def _board_row(row: LeaderboardRow) -> dict[str, object]:
    return {
        **row.plain(),
        "kinds": list(row.degenerate),
        "others": {name: _score(score) for name, score in row.others.items()},
    }


def _score(score: Score) -> Mapping[str, object]:
    return {**score.to_dict()}


def _rows(rows: Sequence[ReportRow]) -> dict[str, object]:
    names = dict.fromkeys(name for row in rows for name in row.meta)
    return {
        "id": [row.id for row in rows],
        "question": [row.question for row in rows],
        "references": [row.references for row in rows],
        "category": [row.category for row in rows],
        "meta": {name: [row.meta.get(name) for row in rows] for name in names},
    }


def _note(note: Note | str) -> object:
    return note if isinstance(note, str) else asdict(note)


def _run(run: ReportRun) -> dict[str, object]:
    return {
        "name": run.name,
        "answers": run.answers,
        "scores": np.asarray(run.scores, dtype=np.float64).tolist(),
        "degenerate": {str(row): marks for row, marks in enumerate(run.degenerate) if marks},
        "signature": run.signature,
        "others": [_score(score) for score in run.others],
        "manifest": [(name, _shown(value)) for name, value in run.manifest.items()],
        "reliability": None if run.reliability is None else run.reliability.plain(),
    }


def _shown(value: object) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


def _public(found: Shakeup) -> dict[str, object]:
    names = [each.name for each in found.standings]
    flips = [
        {"one": names[one], "other": names[other], "rate": float(found.flips[one, other])}
        for one in range(len(names))
        for other in range(one + 1, len(names))
        if found.flips[one, other] > 0
    ]
    return {
        "standings": [asdict(each) for each in found.standings],
        "winner_kept": found.winner_kept,
        "share": found.share,
        "draws": found.draws,
        "flips": sorted(flips, key=lambda flip: -float(str(flip["rate"]))),
    }


def _lengths(runs: Sequence[ReportRun]) -> list[dict[str, object]]:
    found = []
    for place, run in enumerate(runs):
        trend = length_trend(run)
        if trend is not None:
            found.append(
                {
                    "run": place,
                    **{name: values.tolist() for name, values in trend._asdict().items()},
                    "longest": float(answer_lengths(run).max()),
                    "lowest": float(np.nanmin(run.scores)),
                    "highest": float(np.nanmax(run.scores)),
                }
            )
    return found


def _plain(value: object) -> Json:
    """What JSON has a word for: no infinities, tuples as lists, numbers no longer than needed."""
    if isinstance(value, float | np.floating):
        return round(float(value), _DIGITS) if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    raise TypeError(f"{type(value).__name__} cannot be part of a report")
