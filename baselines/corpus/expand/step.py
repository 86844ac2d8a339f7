"""The step ``expand``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar

import msgspec
from pydantic import Field, model_validator

from baselines.corpus.batch import Batch
from baselines.corpus.expand.balance import Balance, Way
from baselines.corpus.expand.joined import join_some, share_in, wanted_for
from baselines.corpus.folder import Corpus, sha256_file
from baselines.corpus.origin import child
from baselines.corpus.record import Record
from baselines.corpus.steps import Say, Settings, Step

PAIRED = frozenset({"qa", "summary", "dialogue-summary", "interview-summary", "translation"})
"""Tasks in which each answer is right by itself; elsewhere answers are a ranking or a whole."""


class Expanding(Settings):
    """What is added, and what is left out for balance."""

    pairs: bool = Field(
        default=True, description="Make a record of every question with every answer to it."
    )
    joined: Annotated[float, Field(ge=0, le=0.9)] | None = Field(
        default=None,
        description="Share of questions without documents that are two in one, 0 to 0.9.",
    )
    test: Path | None = Field(
        default=None, description="Test file: take the share of joined questions in it."
    )
    competition: str | None = Field(
        default=None, description="Competition that the test file is of, for its columns."
    )
    balance: Way = Field(
        default="none",
        description="Balance categories: leave out records of large ones, or copy those of small.",
    )
    per_category: Annotated[int, Field(gt=0)] | None = Field(
        default=None,
        description="Records of each category; else as many as the median (cap) or the largest "
        "(oversample) has.",
    )
    most_copies: Annotated[int, Field(ge=1)] = Field(
        default=10, description="How often a record may be there after oversampling."
    )
    seed: int = Field(default=0, description="Seed of all draws.")

    @model_validator(mode="after")
    def _one_share(self) -> Expanding:
        if self.joined is not None and self.test is not None:
            raise ValueError("give 'joined' or 'test', which measures it, and not both")
        if self.competition is not None and self.test is None:
            raise ValueError("'competition' says what the columns of 'test' are; give 'test' too")
        if self.per_category is not None and self.balance == "none":
            raise ValueError("'per_category' needs 'balance': cap or oversample")
        return self


class Expand(Step):
    """A record for every question with every answer, joined questions, balanced categories.

    In this order: pairs, then categories are balanced, then questions are joined. Every new record
    names the record it was made from as its parent, so that no split separates them.
    """

    name = "expand"
    about = "Make more training records: pairs, joined questions, balanced categories."
    settings_type: ClassVar[type[Settings]] = Expanding
    settings: Expanding

    def __init__(self, settings: Expanding) -> None:
        super().__init__(settings)
        self._share = settings.joined or 0.0
        self._told: list[str] = []
        self._balance: Balance | None = None
        if settings.test is not None:
            found, rows = share_in(settings.test, settings.competition)
            self._share = min(found, 0.9)
            self._told.append(f"{settings.test}: {found:.1%} of {rows:,} rows ask several in one.")

    def identity(self) -> dict[str, Any]:
        """The settings, with the test file's digest instead of its place."""
        test = self.settings.test
        found = self.settings.model_dump(mode="json", exclude={"test"})
        return found if test is None else {**found, "test": sha256_file(test), "share": self._share}

    def prepare(self, corpus: Corpus, out: Path, say: Say) -> None:  # noqa: ARG002
        """Count the categories."""
        for line in self._told:
            say(line)
        own = self.settings
        if own.balance != "none":
            every = (pair for record in corpus for pair in self._pairs(record))
            self._balance = Balance.of(
                every, own.balance, own.per_category, own.most_copies, own.seed
            )
            say(f"{len(self._balance.rows):,} categories, {self._balance.target:,} records each.")

    def apply(self, records: Sequence[Record], first: int) -> Batch:  # noqa: ARG002
        """Pairs, copies, joined questions."""
        batch = Batch()
        for record in records:
            pairs = self._pairs(record)
            batch.counts["pairs added"] += len(pairs) - 1
            for pair in pairs:
                self._balanced(pair, batch)
        if self._share:
            wanted = wanted_for(batch.kept, self._share)
            joined = list(join_some(batch.kept, wanted, self.settings.seed))
            batch.counts["joined questions added"] += len(joined)
            batch.counts["joined questions short of the share"] += wanted - len(joined)
            for each in joined:
                batch.sample("joined", each.id, "question", each.parent, each.question)
            batch.kept.extend(joined)
        batch.counts = +batch.counts
        return batch

    def _pairs(self, record: Record) -> list[Record]:
        if not self.settings.pairs or record.task not in PAIRED or len(record.answers) < 2:
            return [record]
        answers = list(dict.fromkeys(record.answers))
        kept = msgspec.structs.replace(record, answers=(answers[0],))
        more = [child((record,), "answer", n, answers=(text,))
                for n, text in enumerate(answers[1:], start=2)]  # fmt: skip
        return [kept, *more]

    def _balanced(self, record: Record, batch: Batch) -> None:
        times = 1 if self._balance is None else self._balance.times(record)
        if not times:
            told = f"'{record.category}' has more than {self._target:,}"
            batch.drop(record, "category over its cap", told)
            return
        batch.kept.append(record)
        batch.kept.extend(child((record,), "copy", number) for number in range(1, times))
        batch.counts["copies added"] += times - 1

    @property
    def _target(self) -> int:
        return 0 if self._balance is None else self._balance.target

    def notes(self) -> Iterator[str]:
        """What the test file has."""
        yield from self._told
