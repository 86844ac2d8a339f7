"""A comparison as a report: the page, and the plots as files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from evaluators import LeaderboardRow
from evaluators.report.data import (
    CalibrationFit,
    CalibrationPoint,
    GroupScore,
    Plain,
    Report,
    ReportMetric,
    ReportRow,
    ReportRun,
)
from submission.compare.board import known_note
from submission.compare.calibration import Calibration
from submission.compare.comparison import Comparison
from submission.compare.explanations import explanations
from submission.competitions import Competition, known_scores
from submission.files.atomic import atomic_file
from submission.records.rows import Reference
from submission.runs.ledger import Ledger
from submission.scoring.reliability import run_reliability
from submission.scoring.scored import Scored

BAND_POINTS = 41


def build_report(
    comparison: Comparison,
    competition: Competition,
    references: Sequence[Reference],
    ledger: Ledger | None,
) -> Report:
    """Everything that the page and the plots show."""
    main = comparison.main
    return Report(
        title=competition.profile.title,
        competition=competition.name,
        metric=ReportMetric(
            name=main.metric,
            signature=main.signature,
            direction=main.direction,
            scale=comparison.scale,
            proxy=comparison.proxy,
            reasons=comparison.reasons,
        ),
        baseline=comparison.baseline,
        leaderboard=comparison.rows,
        rows=_rows(comparison, references),
        runs=[
            _run(scored, row, ledger)
            for scored, row in zip(comparison.scored, comparison.rows, strict=False)
        ],
        groups=_groups(comparison),
        agreement=comparison.agreement,
        public=comparison.public,
        calibration=[
            CalibrationPoint(
                run=point.run, local=point.local, public=point.public, private=point.private
            )
            for point in comparison.calibration.points
        ],
        fit=_fit(comparison.calibration),
        # The page has a notice of its own for proxies.
        notes=[note for note in explanations(comparison) if note.key != "note.proxy"],
        known_notes={known.name: known_note(known) for known in known_scores(competition)},
    )


def write_html(report: Report, path: Path) -> Path:
    """Write the page whole, or leave what was there."""
    from evaluators.report.html import render_html

    page = render_html(report)
    with atomic_file(path) as handle:
        handle.write(page.encode())
    return path


def write_plots(report: Report, folder: Path) -> list[Path]:
    """Write every plot into ``folder``, each file whole; returns the files."""
    from evaluators.report.plots import render_plots

    written = []
    for name, data in render_plots(report).items():
        with atomic_file(folder / name) as handle:
            handle.write(data)
        written.append(folder / name)
    return written


def _rows(comparison: Comparison, references: Sequence[Reference]) -> list[ReportRow]:
    groups = _other_dimensions(comparison)
    found = []
    for reference in references:
        asked = comparison.questions.get(reference.id)
        told: dict[str, Plain] = {}
        if asked is not None:
            told = {"compound": asked.compound, "length": len(asked.text)}
        found.append(
            ReportRow(
                id=reference.id,
                question=asked.text if asked else reference.meta.get("question", ""),
                references=reference.answers,
                category=reference.category,
                meta={**told, **{name: values[reference.id] for name, values in groups.items()}},
            )
        )
    return found


def _other_dimensions(comparison: Comparison) -> dict[str, dict[str, str]]:
    """What rows are broken down by besides what every report has, by row id."""
    ids = [example.id for example in comparison.scored[0].examples]
    return {
        each.dimension.name: dict(zip(ids, each.dimension.values, strict=True))
        for each in comparison.breakdowns
        if each.dimension.name not in ("category", "length", "compound")
    }


def _run(scored: Scored, row: LeaderboardRow, ledger: Ledger | None) -> ReportRun:
    name, main = scored.subject.name, scored.main
    kept = ledger if scored.subject.kind == "run" else None
    return ReportRun(
        name=name,
        answers=[example.answer for example in scored.examples],
        scores=main.rows,
        degenerate=_degenerate(scored) if scored.subject.answers else _empty(scored),
        signature=main.signature,
        others=[
            *scored.scores[1 : len(scored.scores) - len(row.others)],
            *(replace(score, metric=spec) for spec, score in row.others.items()),
        ],
        manifest={scored.subject.kind: name} if kept is None else _manifest(kept, name),
        reliability=run_reliability(scored.subject.answers, scored.examples),
    )


def _degenerate(scored: Scored) -> list[tuple[str, ...]]:
    found = {answer.id: answer.degenerate for answer in scored.subject.answers}
    return [tuple(sorted(found.get(each.id, ()))) for each in scored.examples]


def _empty(scored: Scored) -> list[tuple[str, ...]]:
    return [
        ("empty",) if each.vector is None and not each.answer.strip() else ()
        for each in scored.examples
    ]


def _manifest(ledger: Ledger, name: str) -> Mapping[str, object]:
    run, progress = ledger.run(name), ledger.progress(name)
    return {
        "recipe": json.loads(run.recipe),
        "engine": run.engine,
        "test_file": run.test_file,
        "fingerprint": run.fingerprint,
        "created": run.created,
        "seconds": round(run.seconds, 1),
        "completion_tokens": progress.completion_tokens,
        "command": run.command,
    }


def _groups(comparison: Comparison) -> list[GroupScore]:
    return [
        GroupScore(
            dimension=each.dimension.name,
            group=part.value,
            run=each.run,
            score=score.value,
            n=score.n,
            low=score.low,
            high=score.high,
        )
        for each in comparison.breakdowns
        for part in each.slices
        if (score := part.scores[0]) is not None  # the formula's
    ]


def _fit(calibration: Calibration) -> CalibrationFit | None:
    fit = calibration.fit
    if fit is None:
        return None
    places = [point.local for point in calibration.points]
    margin = (max(places) - min(places)) * 0.1
    local = np.linspace(min(places) - margin, max(places) + margin, BAND_POINTS).tolist()
    line, further = [fit.line(x) for x in local], [fit.predict(x) for x in local]
    return CalibrationFit(
        slope=fit.slope,
        intercept=fit.intercept,
        n=fit.n,
        local=local,
        low=[each.low for each in line],
        high=[each.high for each in line],
        prediction_low=[each.low for each in further],
        prediction_high=[each.high for each in further],
    )
