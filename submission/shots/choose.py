"""Examples for each question: never the row itself, nor one that asks the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from submission.errors import InputError, few
from submission.files.digest import digest
from submission.holdout.groups import group_rows
from submission.holdout.similarity import Measure, normal_form
from submission.holdout.source import with_parts
from submission.prompts.user_turn import Shot
from submission.recipes.examples import Examples
from submission.records.rows import TrainingRow
from submission.shots.source import Source

SAME = 0.8
"""From this similarity on two questions are one, as ``leaderkit holdout`` has it."""

AT_ONCE = 512
NGRAMS = (2, 4)
"""Characters of the n-grams that TF-IDF counts, within words: Korean needs no morphemes then."""


class Asked(NamedTuple):
    """What is asked: the test row's id, the part of its question, the text, and its context."""

    id: str
    part: int
    text: str
    context: str = ""


class Chooser:
    """Chooses a recipe's examples among training rows; what it gives depends on no other question.

    Raises :class:`InputError` for ids that no row has, and for fewer rows than examples.
    """

    def __init__(self, examples: Examples, source: Source) -> None:
        self._examples = examples
        self.file = source.path
        self._rows = rows = source.rows
        self._shots = [_shot(row) for row in rows]
        texts = [text for row in rows for text in row.questions]
        self._measure = Measure.of(texts)
        groups = group_rows(
            [row.questions for row in rows], [*map(source.shared, rows)], self._measure, SAME
        )
        self._group = {place: number for number, each in enumerate(groups) for place in each}
        self._members = dict(enumerate(groups))
        if len(rows) < examples.count:
            raise InputError(
                f"prompt.examples.count is {examples.count}, and there are {len(rows)} training "
                "rows."
            )
        self._fixed = self._listed() if examples.ids else list(range(len(rows)))

    def choose(self, asked: Sequence[Asked]) -> list[tuple[Shot, ...]]:
        """The examples for each question, in the order in which they are shown.

        There are fewer than asked for where too many rows ask the same as the question.
        """
        barred = self._barred(asked)
        orders = self._orders(asked)
        found = []
        for order, out in zip(orders, barred, strict=True):
            places: list[int] = []
            for place in order:
                if place not in out:
                    places.append(int(place))
                if len(places) == self._examples.count:
                    break
            if self._examples.choose == "nearest" and self._examples.nearest_last:
                places.reverse()
            found.append(tuple(self._shots[place] for place in places))
        return found

    def fewer(self, shots: tuple[Shot, ...]) -> tuple[Shot, ...]:
        """All but the one that is farthest from the question, which stands first or last."""
        last = self._examples.choose == "nearest" and not self._examples.nearest_last
        return shots[:-1] if last else shots[1:]

    def _listed(self) -> list[int]:
        place_of = {row.id: place for place, row in enumerate(self._rows)}
        unknown = [row_id for row_id in self._examples.ids if row_id not in place_of]
        if unknown:
            raise InputError(f"prompt.examples.ids: no training row has the id {few(unknown)}.")
        return [place_of[row_id] for row_id in self._examples.ids]

    def _barred(self, asked: Sequence[Asked]) -> list[set[int]]:
        """The places of the rows that each question may not see.

        They are those of its test row: none of its parts is to be answered in an example of
        another.
        """
        texts = [(place, text) for place, row in enumerate(self._rows) for text in row.questions]
        by_id: defaultdict[str, set[int]] = defaultdict(set)
        by_form: defaultdict[str, set[int]] = defaultdict(set)
        by_context: defaultdict[str, set[int]] = defaultdict(set)
        for place, text in texts:
            row = self._rows[place]
            by_id[row.id].add(place)
            by_context[normal_form(row.context)].add(place)
            for part in with_parts(text):
                by_form[normal_form(part)].add(place)
        found: defaultdict[str, set[int]] = defaultdict(set)
        wanted: list[tuple[str, str]] = []
        for each in asked:
            barred = found[each.id]
            barred |= by_id[each.id]
            if form := normal_form(each.context):
                barred |= by_context[form]
            for text in with_parts(each.text):
                barred |= by_form[normal_form(text)]
                wanted.append((each.id, text))
        near = self._measure.near_duplicates(
            [text for _, text in wanted], SAME, [text for _, text in texts]
        )
        for pairs in near:
            for left, right in zip(pairs.left.tolist(), pairs.right.tolist(), strict=True):
                found[wanted[left][0]].add(texts[right][0])
        grown = {row_id: self._grown(places) for row_id, places in found.items()}
        return [grown[each.id] for each in asked]

    def _grown(self, places: set[int]) -> set[int]:
        groups = {self._group[place] for place in places}
        return places.union(*(self._members[number] for number in groups))

    def _orders(self, asked: Sequence[Asked]) -> Iterator[Iterable[int]]:
        """For each question all rows that it may be shown, the best first."""
        ways: dict[str, Callable[[Sequence[Asked]], Iterator[Iterable[int]]]] = {
            "fixed": lambda every: (self._fixed for _ in every),
            "random": lambda every: map(self._shuffled, every),
            "balanced": lambda every: map(self._balanced, every),
            "nearest": self._nearest,
        }
        return ways[self._examples.choose](asked)

    def _random(self, asked: Asked) -> np.random.Generator:
        # Of the question alone: no row's examples depend on the rows before it.
        seed = digest([str(self._examples.seed), asked.id, str(asked.part)])
        return np.random.default_rng(int(seed[:16], 16))

    def _shuffled(self, asked: Asked) -> list[int]:
        return [*map(int, self._random(asked).permutation(len(self._rows)))]

    def _balanced(self, asked: Asked) -> list[int]:
        """Rounds over the values in a random order, a random row of each value in every round."""
        random = self._random(asked)
        by_value: defaultdict[str, list[int]] = defaultdict(list)
        for place in random.permutation(len(self._rows)).tolist():
            row = self._rows[place]
            value = row.answers[0] if self._examples.balance == "answer" else row.category
            by_value[value].append(place)
        values = sorted(by_value)
        order = [values[place] for place in random.permutation(len(values))]
        longest = max(map(len, by_value.values()))
        return [
            by_value[value][number]
            for number in range(longest)
            for value in order
            if number < len(by_value[value])
        ]

    def _nearest(self, asked: Sequence[Asked]) -> Iterator[Iterable[int]]:
        known = [row.questions[0] for row in self._rows]
        similarity = self._similarity(known)
        for start in range(0, len(asked), AT_ONCE):
            block = similarity([each.text for each in asked[start : start + AT_ONCE]])
            yield from np.argsort(-block, axis=1, kind="stable")

    def _similarity(self, known: Sequence[str]) -> Callable[[Sequence[str]], NDArray[np.float64]]:
        """What gives the similarities of some texts (rows) to the known ones (columns)."""
        if self._examples.encoder is not None:
            from evaluators import load_encoder

            encoder = load_encoder(self._examples.encoder)
            vectors = encoder.encode(known)
            return lambda texts: np.asarray(encoder.encode(texts) @ vectors.T, dtype=np.float64)
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=NGRAMS, sublinear_tf=True)
        matrix = vectorizer.fit_transform(known)
        return lambda texts: np.asarray((vectorizer.transform(texts) @ matrix.T).todense())


def _shot(row: TrainingRow) -> Shot:
    return Shot(row.questions[0], row.answers[0], row.context, row.row, row.labelled)
