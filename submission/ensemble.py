"""One answer per row out of those of several runs, or of several samples of one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluators import Metric, choice
from evaluators.consensus import least_risk, majority, same_text, utilities
from submission.answers import Answer, run_answers, run_recipe
from submission.competitions import Competition
from submission.engines.base import Completion, Finish
from submission.errors import InputError
from submission.ledger import Ledger, PlannedPart, Run
from submission.listed import listed_options
from submission.models import digest
from submission.quarantine import Flaw
from submission.recipes import Recipe
from submission.recipes.schema import Engine, Extraction
from submission.records import Prediction
from submission.scoring import Scorer, Subject, require_competition
from submission.submit import Written, write_submission

MAJORITY, LEAST_RISK, VECTOR = "majority", "mbr", "vector"
VECTOR_RULE = "vectors-from-text"


@dataclass(frozen=True)
class Method:
    """How answers become one; ``metric`` is that of ``mbr``, None for the competition's own."""

    name: str
    metric: str | None = None

    @classmethod
    def read(cls, text: str) -> Method:
        """From ``majority``, ``mbr``, ``mbr:METRIC`` or ``vector``; else an InputError."""
        name, _, metric = text.partition(":")
        if text in {MAJORITY, VECTOR, LEAST_RISK} or (name == LEAST_RISK and metric):
            return cls(name, metric or None)
        raise InputError(
            f"--by {text}: use majority, mbr (by the competition's own formula), mbr:METRIC, "
            "such as mbr:chrf, or vector."
        )


@dataclass(frozen=True)
class Member:
    """One run's sample, and where it comes from."""

    run: str
    sample: int
    fingerprint: str


@dataclass(frozen=True)
class Report:
    """What came of an ensemble: how many rows each member was taken for, in their order.

    ``unanimous`` rows had one answer only. Of the others, ``decided`` had more votes for theirs
    than for any other; under ``mbr`` that is not counted.
    """

    run: str
    by: str
    members: Sequence[Member]
    rows: int
    taken: Sequence[int]
    unanimous: int
    decided: int | None


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
        raise InputError(f"{', '.join(repeated)} is named twice: it would have two votes.")
    members: list[Member] = []
    answers: list[list[Answer]] = []
    for run in runs:
        require_competition(ledger, run, competition)
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


def ensemble(
    name: str,
    found: Members,
    method: Method,
    scorer: Scorer,
    ledger: Ledger,
    *,
    command: str = "",
    fresh: bool = False,
) -> Report:
    """Make the run ``name`` of the members' answers.

    Empty answers take no part where any other is there, unless the competition has questions
    without an answer. Raises :class:`InputError` where the name is a member's or another run's,
    ``EvaluationError`` for a metric that cannot be had.
    """
    if name in {member.run for member in found.members}:
        raise InputError(
            f"--run {name} is one of the members: give the ensemble a name of its own."
        )
    rows = found.rows
    unanswerable = scorer.competition.profile.score.unanswerable
    standing = [_standing(row, unanswerable=unanswerable) for row in rows]
    texts = [[row[place].text for place in left] for row, left in zip(rows, standing, strict=True)]
    decided = None
    if method.name == MAJORITY:
        signature = "majority|tie:pairwise-f1|rule:inha"
        votes = [_vote(row[0].question, each) for row, each in zip(rows, texts, strict=True)]
        picks = [place for place, _ in votes]
        decided = sum(led for _, led in votes) - sum(len(set(each)) == 1 for each in texts)
    else:
        metric = scorer.metric_of(method.metric)
        signature = f"mbr|{metric.signature}"
        picks = _least_risky(metric, [row[0].question for row in rows], texts)
    places = [left[pick] for left, pick in zip(standing, picks, strict=True)]
    _record(name, found, places, signature, ledger, command=command, fresh=fresh)
    return Report(
        run=name,
        by=signature,
        members=found.members,
        rows=len(rows),
        taken=np.bincount(places, minlength=len(found.members)).tolist(),
        unanimous=sum(len(set(each)) == 1 for each in texts),
        decided=decided,
    )


def mean_vectors(found: Members, scorer: Scorer) -> Subject:
    """Each row's mean of the members' vectors, each of length 1 before.

    Under cosine the direction of that mean is the one that agrees most with the members. Raises
    :class:`InputError` where the competition takes no vectors or wants them to be those of a
    text, ``EvaluationError`` where the encoder cannot be had.
    """
    _require_free_vectors(scorer.competition)
    units = [_unit(scorer.encoder.encode([each.text for each in side])) for side in found.answers]
    mean = np.stack(units).mean(axis=0).astype(np.float32)
    names = ", ".join(_named(member) for member in found.members)
    predictions = [
        Prediction(answer.id, "", vector)
        for answer, vector in zip(found.answers[0], mean, strict=True)
    ]
    return Subject(f"mean vectors of {names}", "file", predictions)


def write_mean(
    found: Members,
    scorer: Scorer,
    ledger: Ledger,
    template: Path,
    out: Path,
    command: str,
) -> Written:
    """The mean vectors as a submission with its manifest. Raises as both that it calls."""
    return write_submission(
        scorer,
        mean_vectors(found, scorer),
        template,
        out,
        command=command,
        ledger=ledger,
        free_vectors=True,
    )


def _require_free_vectors(competition: Competition) -> None:
    submission = competition.profile.submission
    rule = competition.rule(VECTOR_RULE)
    if rule is not None:
        raise InputError(
            f"--by vector: {competition.name} does not allow it. Its rule: {rule.text!r} "
            "Use --by mbr:cosine, which takes one of the texts."
        )
    if submission.vectors is None:
        raise InputError(f"--by vector: {competition.name} takes answers, no vectors.")
    if submission.answer is not None:
        raise InputError(
            f"--by vector: {competition.name} takes a text with each vector, and a mean vector is "
            "no text's. Use --by mbr:cosine, which takes one of the texts."
        )


def _require_same_rows(
    first: Sequence[Answer], other: Sequence[Answer], first_name: str, name: str
) -> None:
    ids, others = [each.id for each in first], [each.id for each in other]
    if ids == others:
        return
    strange = sorted(set(ids) ^ set(others))
    what = f"such as '{strange[0]}'" if strange else "in another order"
    raise InputError(f"{name} does not answer the rows of {first_name}: they differ, {what}.")


def _standing(row: Sequence[Answer], *, unanswerable: bool) -> list[int]:
    """The places of the answers that take part."""
    filled = [place for place, answer in enumerate(row) if answer.text.strip()]
    return list(range(len(row))) if unanswerable or not filled else filled


def _vote(question: str, texts: Sequence[str]) -> tuple[int, bool]:
    """The place of the majority's answer, and whether it has more votes than any other."""
    options = listed_options(question)

    def read(text: str) -> str:
        chosen = choice(text, options) if options else None
        return f"option {chosen}" if chosen else same_text(text)

    place, votes = majority(texts, read)
    counts = [[read(text) for text in texts].count(each) for each in {read(text) for text in texts}]
    return place, counts.count(votes) == 1


def _least_risky(
    metric: Metric, questions: Sequence[str], texts: Sequence[Sequence[str]]
) -> list[int]:
    metas = [
        {"question": question, "options": "\n".join(listed_options(question))}
        for question in questions
    ]
    return [least_risk(each) for each in utilities(metric, texts, metas)]


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    precise = vectors.astype(np.float64)
    lengths = np.linalg.norm(precise, axis=1, keepdims=True)
    unit: NDArray[np.float64] = np.divide(
        precise, lengths, out=np.zeros_like(precise), where=lengths > 0
    )
    return unit


def _record(
    name: str,
    found: Members,
    places: Sequence[int],
    signature: str,
    ledger: Ledger,
    *,
    command: str,
    fresh: bool,
) -> None:
    first = ledger.run(found.members[0].run)
    recipe = Recipe(
        name=f"ensemble-{signature.partition('|')[0]}",
        engine=Engine(name="ensemble"),
        extraction=Extraction(one_line=False),
        quarantine=run_recipe(ledger, first.name).quarantine,
        options={
            "by": signature,
            "members": json.dumps([asdict(each) for each in found.members], ensure_ascii=False),
        },
    )
    rows = [row[place] for row, place in zip(found.rows, places, strict=True)]
    parts, completions = [], {}
    for position, (answers, taken) in enumerate(zip(found.rows, rows, strict=True)):
        finish = _finish(taken)
        key = digest(["ensemble", signature, taken.text, finish, *(each.text for each in answers)])
        parts.append(PlannedPart(position, 0, 0, taken.id, taken.question, key))
        completions[key] = Completion(key, taken.text, finish)
    run = Run(
        name=name,
        # Members' answers may change under the same fingerprint, when degenerate ones are mended.
        fingerprint=digest([recipe.model_dump_json(), *(part.key for part in parts)]),
        competition=first.competition,
        recipe=recipe.model_dump_json(exclude={"about", "training"}),
        test_file=first.test_file,
        engine=f"{signature.partition('|')[0]} of {len(found.members)} answers",
        command=command,
    )
    with ledger.writing(name):
        ledger.begin(run, parts, fresh=fresh)
        for key in sorted(ledger.pending(name)):
            ledger.record(name, completions[key])
        if ledger.run(name).finished is None:
            ledger.spent(name, 0.0, 0, finished=True)


def _finish(answer: Answer) -> Finish:
    if Flaw.TOO_LONG in answer.flaws:
        return Finish.PROMPT_TOO_LONG
    return Finish.LENGTH if Flaw.CUT_OFF in answer.flaws else Finish.STOP


def _named(member: Member) -> str:
    return f"{member.run}#{member.sample}" if member.sample else member.run
