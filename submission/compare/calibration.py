"""What the organizer's leaderboard said, beside what was scored here."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evaluators import Estimate, EvaluationError, LinearFit, fit_line
from evaluators.ranking.calibration import MINIMUM
from evaluators.report.wording import Note
from submission.competitions import find_competition
from submission.errors import InputError, few
from submission.runs.answers import Answer, run_answers
from submission.runs.ledger import Ledger
from submission.runs.rows import OrganizerScore

FEW = 10
"""Points below which a line is shown with a word on how little it says."""


@dataclass(frozen=True)
class Point:
    """A run's local score, and what the organizer gave the run ``submitted``."""

    run: str
    local: float
    public: float
    private: float | None
    submitted: str


@dataclass(frozen=True)
class Calibration:
    """Local beside public scores, the line through them if there is one, and what to know of it.

    ``predictions`` are the public scores to expect of the runs that have none.
    """

    points: Sequence[Point] = ()
    fit: LinearFit | None = None
    predictions: Mapping[str, Estimate] = field(default_factory=dict)
    notes: Sequence[Note] = ()


def record(
    ledger: Ledger, run: str, public: float | None, private: float | None
) -> tuple[OrganizerScore, OrganizerScore | None]:
    """Keep what the organizer's leaderboard said of ``run``; returns it, and what it replaces.

    A private score alone is added to the public one already known. Raises :class:`InputError` for
    an unknown or unfinished run, a number that is no score of its competition, and a private score
    without a public one.
    """
    competition = ledger.run(run).competition
    before = next((each for each in ledger.organizer_scores() if each.run == run), None)
    _require_score("--public", public, competition)
    _require_score("--private", private, competition)
    digest = answers_digest(run_answers(ledger, run))
    if public is None:
        if before is None or before.answers != digest:
            raise InputError(f"Run '{run}' has no public score yet: give --public, too.")
        public = before.public
    elif private is None and before is not None and before.public == public:
        private = before.private
    score = OrganizerScore(run, competition, public, private, digest)
    ledger.save_organizer_score(score)
    return score, before


def answers_digest(answers: Sequence[Answer]) -> str:
    """SHA-256 of a finished run's ids and answers."""
    told = [[answer.id, answer.text] for answer in answers]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


def calibrate(
    ledger: Ledger,
    competition: str,
    signature: str,
    reference: str,
    local: Mapping[str, float],
    answers: Mapping[str, Sequence[Answer]],
) -> Calibration:
    """Fit the public scores recorded for ``competition`` by the local ones.

    ``local`` holds the scores of the runs compared now and ``answers`` their answers; other
    recorded runs join in with a score kept under the same ``signature`` and references. A run's
    public score is its own; a run that was not submitted takes that of the one run of the same
    recipe over another test file, which is how a local test set and the real one are answered,
    unless that has a local score itself.
    """
    recorded, notes = _still_true(ledger, competition, answers)
    own = {each.run: each for each in recorded}
    kept = {
        name: value
        for name in own
        if name not in local
        and (value := ledger.kept_score(name, signature, reference)) is not None
    }
    scored = {**kept, **local}
    runs = {name: name for name in own if name in scored}
    for submitted in own.keys() - runs.keys():
        twins = [name for name in local if name not in own and _twins(ledger, name, submitted)]
        if len(twins) == 1:
            runs[twins[0]] = submitted
        elif twins:
            notes.append(Note("note.several_runs", {"run": submitted, "runs": few(twins)}))
    points = [
        Point(name, scored[name], own[of].public, own[of].private, of) for name, of in runs.items()
    ]
    unknown = {name: value for name, value in local.items() if name not in runs}
    return _fitted(points, unknown, notes)


def _twins(ledger: Ledger, one: str, other: str) -> bool:
    """Whether two runs differ in their test files and not in their recipes."""
    first, second = ledger.run(one), ledger.run(other)
    return first.recipe == second.recipe and first.test_file != second.test_file


def _fitted(
    points: Sequence[Point], unknown: Mapping[str, float], notes: Sequence[Note]
) -> Calibration:
    if not points:
        return Calibration(notes=notes)
    try:
        fit = fit_line([point.local for point in points], [point.public for point in points])
    except EvaluationError:
        return Calibration(points, notes=[*notes, _no_line(len(points))])
    predictions = {name: fit.predict(value) for name, value in unknown.items()}
    return Calibration(points, fit, predictions, [*notes, *_caution(fit)])


def _still_true(
    ledger: Ledger, competition: str, answers: Mapping[str, Sequence[Answer]]
) -> tuple[list[OrganizerScore], list[Note]]:
    """The records whose runs have the answers they were made for, and why others do not count."""
    recorded: list[OrganizerScore] = []
    notes: list[Note] = []
    for each in ledger.organizer_scores():
        if each.competition != competition:
            continue
        try:
            known = answers.get(each.run) or run_answers(ledger, each.run)
            unchanged = answers_digest(known) == each.answers
        except InputError:
            notes.append(Note("note.not_complete", {"run": each.run}))
            continue
        if unchanged:
            recorded.append(each)
        else:
            notes.append(Note("note.other_answers", {"run": each.run}))
    return recorded, notes


def _no_line(points: int) -> Note:
    if points < MINIMUM:
        return Note("note.too_few_points", {"n": points, "minimum": MINIMUM})
    return Note("note.no_line")


def _caution(fit: LinearFit) -> list[Note]:
    found = []
    if fit.n < FEW:
        found.append(
            Note(
                "note.few_points",
                {"n": fit.n, "freedom": fit.n - 2, "t": f"{fit.quantile:.1f}"},
            )
        )
    if fit.slope_low <= 0 <= fit.slope_high:
        found.append(Note("note.flat_line"))
    return found


def _require_score(option: str, value: float | None, competition: str) -> None:
    if value is None:
        return
    if not math.isfinite(value):
        raise InputError(f"{option} {value}: is not a score.")
    try:
        score = find_competition(competition).profile.score
    except InputError:
        return  # the folder of one's own competition may be elsewhere
    if score.direction == "higher" and not 0 <= value <= score.scale:
        raise InputError(
            f"{option} {value:g}: competition '{competition}' has scores from 0 to {score.scale:g}."
        )
