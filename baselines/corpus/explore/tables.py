"""An exploration as tables of texts, for the terminal and the page alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final, NamedTuple, TypeVar

from baselines.corpus.explore.explored import Exploration, Explored

MOST_ROWS: Final = 25
"""Rows of a table of values that the data decides."""

UNDEFINED: Final = "—"

Found = TypeVar("Found")


class Table(NamedTuple):
    """A table: what it is, the rules that its numbers follow, headers, rows."""

    title: str
    rules: tuple[str, ...]
    headers: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def tables(found: Exploration) -> Iterator[Table]:
    """Every table that the exploration has something for."""
    corpora = found.corpora
    for make in (_fields, _lengths, _values, _categories, _duplicates, _leaks, _leaked):
        yield from make(corpora)
    for make in (_vocabulary, _morphemes, _commonest, _apart, _correlations, _explained):
        yield from make(corpora)
    yield from _similarities(corpora)
    if found.drift:
        yield Table(
            "Drift between the two",
            ("Jensen-Shannon", "by chance", "words"),
            ("of", "divergence", "by chance", ""),
            [
                (each.of, f"{each.divergence:.3f}", _number(each.by_chance, 3), each.told)
                for each in found.drift
            ],
        )


def _fields(corpora: Sequence[Explored]) -> Iterator[Table]:
    names = ("texts", "bytes", "characters", "syllables", "eojeol", "sentences")
    rows = []
    for corpus in corpora:
        for field in corpus.fields:
            counts = (f"{getattr(field, name):,}" for name in names)
            rows.append((corpus.name, field.name, f"{field.records:,}", *counts))
        sums = (f"{sum(getattr(field, name) for field in corpus.fields):,}" for name in names)
        rows.append((corpus.name, "all", f"{corpus.records:,}", *sums))
    yield Table("Counts", ("records", *names), ("corpus", "field", "records", *names), rows)


def _lengths(corpora: Sequence[Explored]) -> Iterator[Table]:
    rows = [
        (
            corpus.name,
            field.name,
            f"{field.lengths.mean:.1f}",
            f"{field.lengths.shortest:,}",
            *(f"{value:,}" for value in field.lengths.quantiles.values()),
            f"{field.lengths.longest:,}",
        )
        for corpus in corpora
        for field in corpus.fields
    ]
    if rows:
        shares = tuple(corpora[0].fields[0].lengths.quantiles) if corpora[0].fields else ()
        headers = ("corpus", "field", "mean", "shortest", *shares, "longest")
        yield Table("Lengths in characters", ("lengths",), headers, rows)


def _values(corpora: Sequence[Explored]) -> Iterator[Table]:
    for name in ("tasks", "languages", "data_sets"):
        rows = [
            (corpus.name, value or UNDEFINED, f"{count:,}", f"{count / corpus.records:.1%}")
            for corpus in corpora
            for value, count in _first(getattr(corpus, name))
        ]
        title = name.replace("_", " ").capitalize()
        if rows:
            yield Table(title, ("records",), ("corpus", "value", "records", "share"), rows)


def _first(counted: Mapping[str, int]) -> list[tuple[str, int]]:
    return list(counted.items())[:MOST_ROWS]


def _categories(corpora: Sequence[Explored]) -> Iterator[Table]:
    kept = [(corpus, [each for each in corpus.categories if each.name]) for corpus in corpora]
    fields = dict.fromkeys(field.name for corpus in corpora for field in corpus.fields)
    rows = [
        (
            corpus.name,
            each.name,
            f"{each.records:,}",
            f"{each.records / corpus.records:.1%}",
            *(_number(each.means[field], 1) for field in fields),
        )
        for corpus, categories in kept
        for each in categories[:MOST_ROWS]
    ]
    if rows:
        means = tuple(f"{field}, characters" for field in fields)
        headers = ("corpus", "category", "records", "share", *means)
        yield Table("Categories, with the mean length of their texts", ("records",), headers, rows)


def _duplicates(corpora: Sequence[Explored]) -> Iterator[Table]:
    yield from _each(
        "Equal records",
        ("duplicates",),
        ("equal in", "records", "groups", "beyond the first", "largest group"),
        corpora,
        lambda corpus: corpus.duplicates,
        lambda each: (
            each.key,
            f"{each.records:,}",
            f"{each.groups:,}",
            f"{each.beyond_first:,}",
            f"{each.largest:,}",
        ),
    )


def _leaks(corpora: Sequence[Explored]) -> Iterator[Table]:
    yield from _each(
        "Leaks of the test file",
        ("leaks",),
        ("test", "test records", "records compared", "equal", "nearly equal", "test records met"),
        corpora,
        lambda corpus: [] if corpus.leaks is None else [corpus.leaks],
        lambda each: (
            each.test,
            f"{each.test_records:,}",
            f"{each.compared:,}",
            f"{each.equal:,}",
            f"{each.near:,} (from {each.limit})",
            f"{each.test_records_met:,}",
        ),
    )


def _leaked(corpora: Sequence[Explored]) -> Iterator[Table]:
    yield from _each(
        "Records most like a test record",
        ("leaks",),
        ("Jaccard", "id", "test id", "text", "test text"),
        corpora,
        lambda corpus: [] if corpus.leaks is None else corpus.leaks.shown[:MOST_ROWS],
        lambda each: (
            f"{each.similarity:.3f}",
            each.id,
            each.test_id,
            each.text,
            each.test_text,
        ),
    )


def _vocabulary(corpora: Sequence[Explored]) -> Iterator[Table]:
    rows = [
        (
            corpus.name,
            f"{corpus.sampled:,} of {corpus.records:,}",
            f"{corpus.vocabulary.words:,}",
            f"{corpus.vocabulary.distinct:,}",
            f"{corpus.vocabulary.once:,}",
        )
        for corpus in corpora
    ]
    headers = ("corpus", "records sampled", "words", "distinct", "once")
    yield Table("Vocabulary", ("words",), headers, rows)


def _morphemes(corpora: Sequence[Explored]) -> Iterator[Table]:
    yield from _each(
        "Morphemes",
        ("morphemes",),
        ("records", "characters", "morphemes", "distinct", "per eojeol", "kinds"),
        corpora,
        lambda corpus: [] if corpus.morphemes is None else [corpus.morphemes],
        lambda each: (
            f"{each.records:,}",
            f"{each.characters:,}",
            f"{each.morphemes:,}",
            f"{each.distinct:,}",
            f"{each.per_eojeol:.2f}",
            _listed(each.kinds[:8]),
        ),
    )


def _commonest(corpora: Sequence[Explored]) -> Iterator[Table]:
    rows = []
    for corpus in corpora:
        rows.append((corpus.name, "words", _listed(corpus.vocabulary.commonest)))
        if corpus.morphemes is not None:
            rows.append((corpus.name, "nouns", _listed(corpus.morphemes.commonest)))
    yield Table("Commonest", ("words", "morphemes"), ("corpus", "", "how often"), rows)


def _listed(counted: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{word} {count:,}" for word, count in counted)


def _apart(corpora: Sequence[Explored]) -> Iterator[Table]:
    rows = [
        (
            corpus.name,
            category,
            ", ".join(f"{each.word} ({each.z:.1f}; {each.chi_squared:.0f})" for each in words),
        )
        for corpus in corpora
        for category, words in groupby(corpus.apart, key=lambda each: each.category)
    ]
    if rows:
        yield Table(
            "Words that set categories apart",
            ("log-odds", "chi-squared"),
            ("corpus", "category", "word (log-odds' z; chi-squared)"),
            rows,
        )


def _correlations(corpora: Sequence[Explored]) -> Iterator[Table]:
    yield from _each(
        "Correlations of lengths",
        ("correlation",),
        ("of", "with", "records", "Pearson", "Spearman"),
        corpora,
        lambda corpus: corpus.correlations,
        lambda each: (
            each.one,
            each.other,
            f"{each.records:,}",
            _number(each.pearson, 3),
            _number(each.spearman, 3),
        ),
    )


def _explained(corpora: Sequence[Explored]) -> Iterator[Table]:
    yield from _each(
        "What categories explain of lengths",
        ("eta squared",),
        ("length of", "records", "categories", "eta squared"),
        corpora,
        lambda corpus: corpus.explained,
        lambda each: (
            each.field,
            f"{each.records:,}",
            f"{each.categories:,}",
            f"{each.eta_squared:.3f}",
        ),
    )


def _similarities(corpora: Sequence[Explored]) -> Iterator[Table]:
    yield from _each(
        "Similarity inside a record",
        ("similarity",),
        ("of", "with", "records", "mean", "median", "lowest tenth", "mean of other records"),
        corpora,
        lambda corpus: corpus.similarities,
        lambda each: (
            each.one,
            each.other,
            f"{each.records:,}",
            f"{each.mean:.3f}",
            f"{each.median:.3f}",
            f"{each.lowest_tenth:.3f}",
            f"{each.by_chance:.3f}",
        ),
    )


def _each(
    title: str,
    rules: tuple[str, ...],
    headers: tuple[str, ...],
    corpora: Sequence[Explored],
    values: Callable[[Explored], Sequence[Found]],
    row: Callable[[Found], tuple[str, ...]],
) -> Iterator[Table]:
    """A row for each of the values of each corpus, if there is any."""
    rows = [(corpus.name, *row(each)) for corpus in corpora for each in values(corpus)]
    if rows:
        yield Table(title, rules, ("corpus", *headers), rows)


def _number(value: float | None, digits: int) -> str:
    return UNDEFINED if value is None else f"{value:,.{digits}f}"
