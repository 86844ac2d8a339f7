"""What a report shows, as plain values: the page and the plots read nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from evaluators.errors import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from evaluators.base import Direction, Score
    from evaluators.ranking.shakeup import Shakeup
    from evaluators.reliability import Reliability
    from evaluators.report.leaderboard import LeaderboardRow
    from evaluators.report.wording import Note

Language = Literal["ko", "en"]
Plain = str | int | float | bool


@dataclass(frozen=True, kw_only=True)
class ReportMetric:
    """The metric that the leaderboard is ordered by.

    ``scale`` is what a perfect score reads as, 1 or 100: it ends the axes of the plots.
    ``proxy`` is why the numbers are not the organizer's; None where they are. ``reasons`` are the
    same one by one, in the reader's language where they have a phrase for it.
    """

    name: str
    signature: str
    direction: Direction = "higher"
    scale: float = 1.0
    proxy: str | None = None
    reasons: Sequence[Note | str] = ()


@dataclass(frozen=True, kw_only=True)
class ReportRow:
    """One question with its references.

    ``meta`` holds what rows can be told apart by, such as ``{"compound": True, "length": 41}``:
    the page offers a filter for whatever has few values.
    """

    id: str
    question: str
    references: tuple[str, ...] = ()
    category: str = ""
    meta: Mapping[str, Plain] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ReportRun:
    """What one run or file answered to every row of the report, in the same order.

    ``scores``, of shape ``(rows,)``, are the main metric's row scores on the leaderboard's scale;
    NaN is a row that has none. ``degenerate`` names what is wrong with a row's answer, such as
    ``("cut_off",)``; it is empty, or has one entry per row. ``others`` are further metrics' scores,
    their ``rows`` unused. ``manifest`` says how the answers were made: values are shown as text,
    mappings and sequences as JSON. ``reliability`` is the calibration of answers that have
    probabilities.
    """

    name: str
    answers: Sequence[str]
    scores: NDArray[np.float64] = field(repr=False)
    degenerate: Sequence[tuple[str, ...]] = ()
    signature: str = ""
    others: Sequence[Score] = ()
    manifest: Mapping[str, object] = field(default_factory=dict)
    reliability: Reliability | None = None


@dataclass(frozen=True, kw_only=True)
class GroupScore:
    """One run's score on the ``n`` rows that share a value, with its 95% interval.

    ``dimension`` is what rows are grouped by (``category``, ``length``, ``compound``, …) and
    ``group`` the value. Groups are shown in the order they are given in.
    """

    dimension: str
    group: str
    run: str
    score: float
    n: int
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class MetricAgreement:
    """Whether two metrics order alike, over ``n`` runs or over ``n`` rows; -1 to 1."""

    one: str
    other: str
    over: Literal["runs", "rows"]
    n: int
    kendall: float
    spearman: float


@dataclass(frozen=True, kw_only=True)
class CalibrationPoint:
    """A run's local score beside what the organizer's leaderboard said."""

    run: str
    local: float
    public: float
    private: float | None = None


@dataclass(frozen=True, kw_only=True)
class CalibrationFit:
    """The line ``public = intercept + slope * local`` with its 95% band.

    ``local``, ``low`` and ``high`` have shape ``(points,)``: the band at some local scores, in
    rising order. ``prediction_low`` and ``prediction_high``, of that shape too, bound one further
    public score; None leaves them out.
    """

    slope: float
    intercept: float
    n: int
    local: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    prediction_low: Sequence[float] | None = None
    prediction_high: Sequence[float] | None = None


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What a choice adds to the score beside the mean over its axis, with its 95% interval.

    ``axis`` is what was varied and ``level`` the choice, such as ``prompt`` and ``few-shot``.
    """

    axis: str
    level: str
    effect: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Report:
    """A comparison of runs on the same rows.

    ``language`` is what the page opens in; a reader can change it. ``notes`` explain how to read
    the numbers and are shown below the leaderboard: a Note in the reader's language, a text as it
    is. ``known_notes`` replace the notes of known scores, by name. Raises EvaluationError for runs
    of unequal length and for names or row ids that are not unique.
    """

    title: str
    competition: str
    metric: ReportMetric
    baseline: str
    leaderboard: Sequence[LeaderboardRow]
    rows: Sequence[ReportRow] = ()
    runs: Sequence[ReportRun] = ()
    groups: Sequence[GroupScore] = ()
    agreement: Sequence[MetricAgreement] = ()
    public: Shakeup | None = None
    calibration: Sequence[CalibrationPoint] = ()
    fit: CalibrationFit | None = None
    effects: Sequence[Effect] = ()
    notes: Sequence[Note | str] = ()
    known_notes: Mapping[str, Note] = field(default_factory=dict)
    language: Language = "ko"

    def __post_init__(self) -> None:
        _require_unique("run", [run.name for run in self.runs])
        _require_unique("row", [row.id for row in self.rows])
        for run in self.runs:
            flags = len(run.degenerate) or len(self.rows)
            if not len(run.answers) == len(run.scores) == flags == len(self.rows):
                raise EvaluationError(
                    f"the report has {len(self.rows)} rows; {run.name!r} has "
                    f"{len(run.answers)} answers, {len(run.scores)} scores and {flags} marks"
                )


def _require_unique(what: str, names: Sequence[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise EvaluationError(f"the report names the {what} {name!r} twice")
        seen.add(name)
