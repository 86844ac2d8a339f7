"""What a question is answered from: searched, checked for its usefulness, cut to what fits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from submission.errors import InputError
from submission.prompts.template import render
from submission.recipes.retrieval import DocQuest, Retrieval
from submission.records.rows import Question
from submission.retrieval.search import Index, Passage
from submission.retrieval.tokens import morphemes, sentences
from submission.retrieval.useful import Scorer, load_scorer


@dataclass(frozen=True)
class Round:
    """One search: what was asked how, how many passages came, and which stayed."""

    query: str
    method: str
    k: int
    found: int
    kept: Sequence[str]


@dataclass(frozen=True)
class Evidence:
    """The passages for one question, the most useful first.

    ``useful`` has the usefulness of each passage by its id where it was judged, ``sufficient`` that
    of all of them together. ``dropped`` passages and ``cut`` sentences did not fit.
    """

    passages: tuple[Passage, ...]
    rounds: tuple[Round, ...] = ()
    useful: Mapping[str, float] = field(default_factory=dict)
    sufficient: float | None = None
    dropped: int = 0
    cut: int = 0

    def plain(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "passages": [
                {
                    "id": each.id,
                    "document": each.document,
                    "title": each.title,
                    "text": each.text,
                    "score": each.score,
                    "ranks": dict(each.ranks),
                    "useful": self.useful.get(each.id),
                }
                for each in self.passages
            ],
            "rounds": [vars(each) | {"kept": list(each.kept)} for each in self.rounds],
            "sufficient": self.sufficient,
            "dropped": self.dropped,
            "cut": self.cut,
        }


class Retriever:
    """Finds the evidence that a recipe asks for. Raises :class:`InputError` as :class:`Index`."""

    def __init__(self, options: Retrieval, say: Callable[[str], None] = lambda _: None) -> None:
        if options.index is None:
            raise InputError(
                "retrieval.index: which index? Make one with leaderkit index, and name it in the "
                "recipe or with --set retrieval.index=PATH."
            )
        self._options, self._say = options, say
        self.index = Index(options.index)
        self._scorer: Scorer | None = None
        if options.docquest is not None:
            self._scorer = load_scorer(options.docquest.scorer)

    def find(self, asked: Sequence[tuple[Question, str]]) -> Iterator[Evidence]:
        """The evidence for each text, which is asked of the question beside it."""
        options = self._options
        queries = [
            render(options.query, question.row, question=text, context=question.context)
            for question, text in asked
        ]
        first: tuple[Passage, ...] | None = None
        alike = len(queries) > 2
        for query, found in zip(queries, self.index.search(queries, options), strict=True):
            first = tuple(found) if first is None else first
            alike = alike and [each.id for each in found] == [each.id for each in first]
            yield self._judged(query, found)
        if alike and first:
            self._say(
                "Warning: every question got the same passages. Look at retrieval.query and at the "
                "index."
            )

    def _judged(self, query: str, found: list[Passage]) -> Evidence:
        options, docquest = self._options, self._options.docquest
        begun = Round(query, options.method, options.k, len(found), [each.id for each in found])
        if docquest is None or self._scorer is None:
            return Evidence(tuple(found), (begun,))
        rounds: list[Round] = []
        kept: dict[str, Passage] = {}
        useful: dict[str, float] = {}
        for text, how in self._ways(query, docquest):
            if rounds:
                found = next(self.index.search([text], how))
            new = [each for each in found if each.id not in useful]
            scores = self._scorer.useful(query, new, self.index)
            useful |= {each.id: score for each, score in zip(new, scores, strict=True)}
            kept |= {each.id: each for each in new if useful[each.id] >= docquest.threshold}
            stays = [each.id for each in found if each.id in kept]
            rounds.append(Round(text, how.method, how.k, len(found), stays))
            if len(kept) >= docquest.minimum:
                break
        best = sorted(kept.values(), key=lambda each: (-useful[each.id], each.id))[: options.k]
        enough = self._scorer.sufficient(
            query, best, [useful[each.id] for each in best], self.index
        )
        return Evidence(tuple(best), tuple(rounds), useful, enough)

    def _ways(self, query: str, docquest: DocQuest) -> Iterator[tuple[str, Retrieval]]:
        """What is searched round by round, each with twice as many passages as the one before."""
        options = self._options
        methods = [options.method]
        if self.index.dense:
            methods += [each for each in ("hybrid", "dense", "sparse") if each != options.method]
        for number in range(docquest.rounds):
            k = options.k * 2**number
            method = methods[min(number, len(methods) - 1)]
            text = query if number < 2 else " ".join(morphemes([query])[0]) or query
            changed = {"k": k, "candidates": max(options.candidates, k), "method": method}
            fusion = {} if method == "hybrid" else {"fusion": "rrf"}
            yield text, options.model_copy(update=changed | fusion)

    def context(self, evidence: Evidence) -> str:
        """The passages as prompt.template's ``context`` has them."""
        options = self._options
        shown = [
            render(
                options.passage,
                number=str(number),
                id=each.document,
                title=each.title,
                heading=each.heading,
                text=each.text.strip(),
            )
            for number, each in enumerate(evidence.passages, 1)
        ]
        return options.separator.join(shown if options.best == "first" else shown[::-1])


def shorter(evidence: Evidence, share: float) -> Evidence:
    """The evidence without its least useful sentences, about ``share`` of it; one less at least."""
    passages = list(evidence.passages)
    target = int(sum(len(each.text) for each in passages) * share)
    dropped, cut = evidence.dropped, evidence.cut
    total, first = sum(len(each.text) for each in passages), True
    while passages and (first or total > target):
        first = False
        last = passages.pop()
        spans = sentences(last.text)
        total -= len(last.text)
        if len(spans) < 2:
            dropped += 1
            continue
        text = last.text[: spans[-2][1]].rstrip()
        passages.append(replace(last, text=text))
        total += len(text)
        cut += 1
    return replace(evidence, passages=tuple(passages), dropped=dropped, cut=cut)
