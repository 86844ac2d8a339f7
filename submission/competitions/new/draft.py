"""From the organizer's files and a few answers to what is declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from evaluators import parse_spec
from submission.competitions.new.cases import cases_for
from submission.competitions.new.columns import (
    closed_set,
    differing_ids,
    gold_columns,
    id_columns,
    option_columns,
    question_columns,
)
from submission.competitions.new.kinds import (
    Field,
    Shape,
    shape_of,
    submitted_columns,
    vector_columns,
)
from submission.competitions.new.metrics import GRADES, Candidate, are_grades, candidates
from submission.competitions.new.seen import Files, Seen
from submission.competitions.new.tables import (
    answers_table,
    score_table,
    submission_table,
    test_table,
    train_table,
)
from submission.competitions.new.template import template_for
from submission.errors import InputError, few

_ENCODERS = {512: "distiluse-base-multilingual-cased-v1", 768: "jhgan/ko-sbert-sts"}
_OFFLINE_DIMENSION = 512
_BETWEEN = {"rmse", "mae", "pearson", "spearman"}
"""Metrics by which a number between two grades may score better than either."""


@dataclass(frozen=True)
class Asked:
    """A question, by the option that answers it; ``guess`` is what the files suggest."""

    option: str
    text: str
    guess: tuple[str, ...]
    choices: tuple[Candidate, ...] = ()
    many: bool = False
    optional: bool = False
    """Whether there may be no answer."""


class Ask(Protocol):
    """Whoever answers: a person at a terminal, the options of a command, or the guess itself."""

    def __call__(self, asked: Asked) -> tuple[str, ...]:
        """The answer; of a question that is not about ``many`` things, one text."""
        ...


@dataclass(frozen=True)
class Draft:
    """What is declared: the tables of competition.toml, and its cases."""

    name: str
    title: str
    test: Mapping[str, Any]
    train: Mapping[str, Any]
    submission: Mapping[str, Any]
    answers: Mapping[str, Any]
    encoder: Mapping[str, Any] | None
    score: Mapping[str, Any]
    candidates: Sequence[Candidate]
    encoding: str
    cases: Sequence[Mapping[str, Any]]
    notes: Sequence[str] = ()
    """What of the files could not be used or does not fit, and why."""


def make_draft(files: Files, name: str, ask: Ask) -> Draft:
    """Ask what the files leave open, each question with what they suggest.

    Raises :class:`InputError` for an answer that the files contradict, and where they hold no
    column to fill in.
    """
    (name,) = ask(Asked("--name", "Name", (name,)))
    (title,) = ask(Asked("--title", "Title", (name,)))
    test, sample, train = files.test, files.sample, files.train
    own, guessed = id_columns(files)
    test_id, sample_id, numbered = _ids(files, own, guessed, ask)
    vectors = vector_columns(sample)
    likely = submitted_columns(sample, test, sample_id, vectors)
    asked = Asked("--answer", "Columns to fill in", tuple(likely), many=True, optional=True)
    columns = _columns(sample, ask(asked))
    if not columns and vectors is None:
        raise InputError(
            f"{sample.table.path}: no column to fill in was found. It has {few(sample.columns)}. "
            "Name it with --answer."
        )
    gold_names = _gold(files, (test_id, sample_id), columns, ask)
    gold = [text for column in gold_names for text in train.filled(column)] if train else []
    options = option_columns(test, gold)
    asked = Asked(
        "--question", "Columns of the question", tuple(question_columns(test, test_id, options)),
        many=True,
    )  # fmt: skip
    questions = _columns(test, ask(asked))
    labels = list(options.names) if options else closed_set(gold)
    shape = shape_of(sample, columns, gold, labels)
    shape = Shape(shape.fields, vectors, shape.by_label)
    grades = options is None and are_grades(shape)
    likely_metrics = (*candidates(shape, gold), *(GRADES if grades else ()))
    (metric,) = ask(
        Asked("--metric", "Metric", (likely_metrics[0].metric,), choices=likely_metrics)
    )
    if grades:
        shape = _graded(shape, metric, ask)
    encoder = _encoder(shape, metric, ask)
    template = template_for(test, questions, options)
    notes = list(differing_ids(files, test_id, sample_id, numbered=numbered))
    declared = test_table(test, test_id, questions, template, options, numbered=numbered)
    try:
        declared_train = train_table(files, declared, questions, gold_names)
    except InputError as error:
        declared_train = {}
        notes.append(str(error))
    return Draft(
        name=name,
        title=title,
        test=declared,
        train=declared_train,
        submission=submission_table(sample, sample_id, shape),
        answers=answers_table(shape),
        encoder=encoder,
        score=score_table(metric, shape, gold),
        candidates=likely_metrics,
        encoding=sample.table.encoding,
        cases=cases_for(metric, shape),
        notes=notes,
    )


def _ids(files: Files, own: str | None, guessed: str | None, ask: Ask) -> tuple[str, str, bool]:
    (sample_id,) = ask(Asked("--id", "Id column of the submission", (guessed,) if guessed else ()))
    files.sample.require([sample_id])
    if own is None or (sample_id != guessed and sample_id in files.test.columns):
        own = sample_id if sample_id in files.test.columns else None
    # A test file without ids is numbered, as the sample submission then is.
    return own or sample_id, sample_id, own is None


def _columns(seen: Seen, columns: Sequence[str]) -> list[str]:
    seen.require(columns)
    return list(columns)


def _gold(files: Files, ids: Sequence[str], columns: Sequence[str], ask: Ask) -> list[str]:
    if files.train is None:
        return []
    guess = gold_columns(files, ids, columns)
    found = ask(Asked("--gold", "Answer columns of the training file", tuple(guess), many=True))
    return _columns(files.train, found)


def _graded(shape: Shape, metric: str, ask: Ask) -> Shape:
    """Grades as labels, which an answer must be one of, or as numbers, which may lie between."""
    guess = "number" if parse_spec(metric).name in _BETWEEN else "label"
    (kind,) = ask(Asked("--kind", "Grades are of kind label or number", (guess,)))
    if kind not in {"label", "number"}:
        raise InputError(f"--kind {kind}: must be label or number.")
    return shape if kind == "label" else Shape((Field(shape.fields[0].column, "number"),))


def _encoder(shape: Shape, metric: str, ask: Ask) -> dict[str, Any] | None:
    if shape.vectors is None and metric.split(":")[0] != "cosine":
        return None
    dimension = shape.vectors.dimension if shape.vectors else _OFFLINE_DIMENSION
    likely = _ENCODERS.get(dimension, "offline") if shape.vectors else "offline"
    (name,) = ask(Asked("--encoder", "Sentence encoder", (likely,)))
    return {"name": name, "dimension": dimension}
