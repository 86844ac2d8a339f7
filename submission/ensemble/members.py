"""Who takes part: every sample of every run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from submission.competitions import Competition
from submission.errors import InputError, few
from submission.runs.answers import Answer, run_answers, run_recipe
from submission.runs.ledger import Ledger
from submission.scoring.subjects import require_competition


@dataclass(frozen=True)
class Member:
    """One run's sample, and where it comes from."""

    run: str
    sample: int
    fingerprint: str

    def __str__(self) -> str:
        return f"{self.run}#{self.sample}" if self.sample else self.run


@dataclass(frozen=True)
class Members:
    """Members and their answers: ``answers[m][r]`` is that of member m to row r."""

    members: Sequence[Member]
    answers: Sequence[Sequence[Answer]]

    @property
    def rows(self) -> list[list[Answer]]:
        """The answers of all members, row by row."""
        return [list(row) for row in zip(*self.answers, strict=True)]


def find_members(ledger: Ledger, competition: Competition, runs: Sequence[str]) -> Members:
    """Every sample of every run.

    Raises :class:`InputError` for a run that is unknown, unfinished, named twice, of another
    competition or with other rows than the first, and for fewer than two members.
    """
    repeated = sorted({run for run in runs if runs.count(run) > 1})
    if repeated:
        raise InputError(f"{few(repeated)} is named twice: it would have two votes.")
    members: list[Member] = []
    answers: list[list[Answer]] = []
    for run in runs:
        require_competition(ledger, run, competition.name)
        fingerprint = ledger.run(run).fingerprint
        for sample in range(run_recipe(ledger, run).sampling.samples):
            members.append(Member(run, sample, fingerprint))
            answers.append(run_answers(ledger, run, sample=sample))
            _require_same_rows(answers[0], answers[-1], runs[0], run)
    if len(members) < 2:
        raise InputError(
            f"{runs[0]} has one answer per row: name several runs, or one that was generated with "
            "--samples."
        )
    return Members(members, answers)


def _require_same_rows(
    first: Sequence[Answer], other: Sequence[Answer], first_name: str, name: str
) -> None:
    ids, others = [each.id for each in first], [each.id for each in other]
    if ids == others:
        return
    strange = sorted(set(ids) ^ set(others))
    what = f"such as '{strange[0]}'" if strange else "in another order"
    raise InputError(f"{name} does not answer the rows of {first_name}: they differ, {what}.")
