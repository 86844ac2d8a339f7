"""Reports made up from the sample data's questions and answers."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluators import LeaderboardRow, Score, public_shakeup
from evaluators.reliability import Judged, Reliability, reliability
from evaluators.report.data import (
    CalibrationFit,
    CalibrationPoint,
    Effect,
    GroupScore,
    MetricAgreement,
    Report,
    ReportMetric,
    ReportRow,
    ReportRun,
)
from evaluators.report.wording import Note
from submission.compare.dimensions import quarters

WALLPAPER = Path(__file__).parents[2] / "data_sample" / "wallpaper"
NAMES = (
    "솔라-10.7b-lora-rag", "gemma-2-2b:enko-lora", "kogpt2-14에폭", "다수결-앙상블", "nearest",
    "embedded-lora", "medoid", "constant",
)  # fmt: skip
SIGNATURE = "cosine|encoder:offline|references:mean|v:0.1.0"


def made_up_report(rows: int = 60, runs: int = 6, *, seed: int = 0) -> Report:
    """A report on ``rows`` made-up rows with the first ``runs`` of ``NAMES``, best first."""
    random = np.random.default_rng(seed)
    questions = _rows(rows)
    hardness = random.normal(0, 0.12, rows)
    made = [
        _run(name, place, questions, hardness, random) for place, name in enumerate(NAMES[:runs])
    ]
    baseline = "nearest" if runs > 4 else NAMES[0]
    board = [_board_row(rank, run, made, baseline) for rank, run in enumerate(made, start=1)]
    board += [
        LeaderboardRow(
            rank=None, name="OPEN-SOLAR-KO-10.7B", kind="known", score=0.768472,
            note="organizer's leaderboard, certainty M", source="참가자 발표 자료",
        ),
        LeaderboardRow(
            rank=None, name="kogpt2, 14 epochs", kind="known", score=0.66776,
            note="organizer's leaderboard, certainty M", source="코드 공유 게시판",
        ),
    ]  # fmt: skip
    local = [0.52, 0.58, 0.61, 0.66]
    grid = np.linspace(0.5, 0.68, 21)
    return Report(
        title="도배 하자 질의 응답 처리",
        competition="sample-wallpaper",
        metric=ReportMetric(
            name="cosine",
            signature=SIGNATURE,
            proxy="the encoder is hashed character n-grams, not the organizer's",
        ),
        baseline=baseline,
        leaderboard=board,
        rows=questions,
        runs=made,
        groups=_groups(questions, made),
        agreement=[
            MetricAgreement(
                one="cosine", other="rouge1", over="runs", n=runs, kendall=0.8, spearman=0.9
            ),
            MetricAgreement(
                one="cosine", other="rouge1", over="rows", n=rows, kendall=0.41, spearman=0.57
            ),
        ],
        public=public_shakeup({run.name: run.scores for run in made}, 0.4, draws=200),
        calibration=[
            CalibrationPoint(
                run=name, local=x, public=x + 0.07, private=x + 0.05 if x > 0.6 else None
            )
            for name, x in zip(reversed(NAMES[:4]), local, strict=True)
        ],
        fit=CalibrationFit(
            slope=1.0, intercept=0.07, n=4, local=grid.tolist(),
            low=(grid + 0.07 - 0.02 - 2 * (grid - 0.59) ** 2).tolist(),
            high=(grid + 0.07 + 0.02 + 2 * (grid - 0.59) ** 2).tolist(),
            prediction_low=(grid + 0.02).tolist(), prediction_high=(grid + 0.12).tolist(),
        ),
        effects=[
            Effect(axis="model", level="base", effect=-0.021, low=-0.03, high=-0.012),
            Effect(axis="model", level="lora", effect=0.021, low=0.012, high=0.03),
            Effect(axis="prompt", level="전문가", effect=0.004, low=-0.006, high=0.014),
            Effect(axis="prompt", level="plain", effect=-0.004, low=-0.014, high=0.006),
        ],
        notes=[Note("note.tests", {"baseline": baseline, "n": runs - 1})],
        known_notes={"kogpt2, 14 epochs": Note("note.known", {"certainty": "M"})},
    )  # fmt: skip


def _rows(count: int) -> list[ReportRow]:
    test, references = _read("test.csv"), _read("references.csv")
    found = []
    for place in range(count):
        asked, told = test[place % len(test)], references[place % len(test)]
        round_ = place // len(test)
        found.append(
            ReportRow(
                id=f"TEST_{place:03d}",
                question=asked["질문"] + (f" ({round_ + 1}번째 물음)" if round_ else ""),
                references=tuple(told[f"답변_{n}"] for n in range(1, 6) if told[f"답변_{n}"]),
                category=told["category"].split("+")[0],
                meta={"compound": "+" in told["category"], "length": len(asked["질문"])},
            )
        )
    return found


def _run(
    name: str,
    place: int,
    questions: Sequence[ReportRow],
    hardness: NDArray[np.float64],
    random: np.random.Generator,
) -> ReportRun:
    pool = [row[f"답변_{n}"] for row in _read("train.csv") for n in (1, 2, 3)]
    scores = np.clip(0.74 - 0.045 * place + hardness + random.normal(0, 0.08, len(questions)), 0, 1)
    answers, marks = [], []
    for row in range(len(questions)):
        answer = pool[int(random.integers(len(pool)))]
        mark: tuple[str, ...] = ()
        if name == "constant":
            answer, mark = pool[0], ("duplicated",)
        elif random.random() < 0.01 * place:
            answer, mark = "", ("empty",)
            scores[row] = 0.0
        elif random.random() < 0.02 * place:
            answer, mark = answer[: len(answer) // 2], ("cut_off",)
        answers.append(answer)
        marks.append(mark)
    return ReportRun(
        name=name,
        answers=answers,
        scores=scores,
        degenerate=marks,
        signature=SIGNATURE,
        others=[_score("rouge1:tokenizer=mecab", scores * 0.5)],
        manifest={
            "recipe": {"engine": {"name": "vllm"}, "sampling": {"temperature": 0.0}},
            "engine": "vllm 0.32.0, bfloat16",
            "fingerprint": "5e2c0d9b41",
            "command": f"leaderkit generate {name} -c sample-wallpaper --test test.csv",
        },
        reliability=_reliability(scores) if name == NAMES[0] else None,
    )


def _reliability(scores: NDArray[np.float64]) -> Reliability:
    """As if the answers had been chosen between two labels, with the scores as probabilities."""
    shares = np.clip(scores, 0.01, 0.99)
    return reliability(
        [
            Judged({"A": share, "B": 1 - share}, "AB"[place % 3 == 0])
            for place, share in enumerate(shares.tolist())
        ]
    )


def _score(metric: str, rows: NDArray[np.float64]) -> Score:
    value = float(rows.mean())
    return Score(
        metric=metric, value=value, low=value - 0.03, high=value + 0.03, n=len(rows),
        direction="higher", signature=f"{metric.replace(':', '|')}|v:0.1.0", proxy=None, rows=rows,
    )  # fmt: skip


def _board_row(
    rank: int, run: ReportRun, runs: Sequence[ReportRun], baseline: str
) -> LeaderboardRow:
    base = next(each for each in runs if each.name == baseline)
    difference = run.scores - base.scores
    score, half = float(run.scores.mean()), 1.96 * float(run.scores.std()) / len(run.scores) ** 0.5
    if run is base:
        tested = LeaderboardRow(rank=rank, name=run.name, kind="run", score=score)
    else:
        mean = float(difference.mean())
        wide = 1.96 * float(difference.std()) / len(difference) ** 0.5
        chance = 0.0001 if abs(mean) > wide else 0.21
        tested = LeaderboardRow(
            rank=rank, name=run.name, kind="run", score=score,
            difference=mean, difference_low=mean - wide, difference_high=mean + wide,
            p_value=chance, p_adjusted=min(1.0, 5 * chance), detectable=1.43 * wide,
            wins=int((difference > 0).sum()), ties=int((difference == 0).sum()),
            losses=int((difference < 0).sum()),
        )  # fmt: skip
    marks = [mark for each in run.degenerate for mark in each]
    return LeaderboardRow(
        **{
            **{name: getattr(tested, name) for name in tested.__dataclass_fields__},
            "low": score - half, "high": score + half, "n": len(run.scores),
            "public_low": score - 1.3 * half, "public_high": score + 1.3 * half,
            "degenerate": {
                kind: marks.count(kind) for kind in ("empty", "cut_off", "echoed", "duplicated")
            },
            "any_degenerate": len(marks),
            "proxy": "another encoder",
            "note": "baseline" if run is base else "",
            "others": {each.metric: each for each in run.others},
        }
    )  # fmt: skip


def _groups(rows: Sequence[ReportRow], runs: Sequence[ReportRun]) -> list[GroupScore]:
    labels, places = quarters([len(row.question) for row in rows])
    dimensions = {
        "category": [row.category for row in rows],
        "compound": ["compound" if row.meta["compound"] else "single" for row in rows],
        "length": [labels[place] for place in places],
    }
    found = []
    for dimension, values in dimensions.items():
        for run in runs:
            for group in dict.fromkeys(sorted(values)):
                scores = run.scores[[value == group for value in values]]
                found.append(
                    GroupScore(
                        dimension=dimension,
                        group=group,
                        run=run.name,
                        score=float(scores.mean()),
                        n=len(scores),
                    )
                )
    return found


def _read(name: str) -> list[dict[str, str]]:
    with (WALLPAPER / name).open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))
