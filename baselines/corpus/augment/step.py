"""The step ``augment``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, ClassVar, NamedTuple

from baselines.corpus.asking import KEPT, Asker
from baselines.corpus.augment import grammar, noise
from baselines.corpus.augment.filters import Limits, Verdict
from baselines.corpus.augment.likelihood import AnswerLoss
from baselines.corpus.augment.rewrite import Rewriter, template_of
from baselines.corpus.augment.settings import WRITTEN, Augmenting
from baselines.corpus.augment.synonyms import Synonyms, read_groups
from baselines.corpus.batch import Batch
from baselines.corpus.folder import Corpus, digest
from baselines.corpus.origin import chance, child
from baselines.corpus.record import Record
from baselines.corpus.steps import Say, Settings, Step
from evaluators.encoders import Encoder, load_encoder


class _Made(NamedTuple):
    """A new record, and all of its changed texts together before and after."""

    kind: str
    record: Record
    before: str = ""
    after: str = ""


class Augment(Step):
    """Adds changed copies of records: typos, spacing, synonyms, particles, endings, paraphrases.

    Each new record names the record it was made from as its parent. What is drawn depends on the
    record's id and the seed alone. Changed texts that fail a filter are in dropped-*.jsonl.
    """

    name = "augment"
    about = "Add changed copies of records: typos, spacing, synonyms, other words."
    settings_type: ClassVar[type[Settings]] = Augmenting
    settings: Augmenting

    def __init__(self, settings: Augmenting) -> None:
        super().__init__(settings)
        self._synonyms = Synonyms(read_groups(settings.synonyms))
        self._limits = Limits(
            settings.shortest, settings.longest, settings.most_change, settings.least_similarity
        )
        self._encoder: Encoder | None = None
        model = settings.likelihood
        self._loss = None if model is None else AnswerLoss(model)
        self._rewriter: Rewriter | None = None
        if settings.recipe is not None:
            prompts = {
                "paraphrase": template_of("paraphrase", settings.paraphrase_prompt, ["text"]),
                "translate": template_of(
                    "translate", settings.translate_prompt, ["text", "language"]
                ),
            }
            asker = Asker(settings.recipe, settings.model, settings.change, settings.budget)
            self._rewriter = Rewriter(asker, prompts)
        if settings.recipe or settings.encoder or settings.likelihood:
            self.in_process = True  # type: ignore[misc]  # a model is loaded once

    def identity(self) -> dict[str, Any]:
        """The settings, with what stands in files instead of their places."""
        elsewhere = {
            *("synonyms", "paraphrase_prompt", "translate_prompt", "recipe", "model", "change"),
            *KEPT,
        }
        found = self.settings.model_dump(mode="json", exclude=elsewhere)
        if "synonym" in self.settings.kinds:
            found["synonyms"] = [list(group) for group in self._synonyms.groups]
        if {"particle", "ending"} & {*self.settings.kinds}:
            found["kiwi"] = grammar.version()
        if self._rewriter is not None:
            found |= self._rewriter.identity()
        if self.settings.encoder is not None:
            found["encoder"] = self._loaded().digest
        return found

    def prepare(self, corpus: Corpus, out: Path, say: Say) -> None:
        """Open the ledger of what a model has answered."""
        if self._rewriter is not None:
            work = digest([self.identity(), corpus.digest])
            self._rewriter.open(self.settings.ledger(out), work, say)

    def apply(self, records: Sequence[Record], first: int) -> Batch:  # noqa: ARG002
        """Each record, and behind it what was made of it."""
        batch = Batch()
        made: list[list[_Made]] = [[] for _ in records]
        chosen = [place for place, record in enumerate(records) if self._drawn(record)]
        for kind in self.settings.kinds:
            for number in range(1, self.settings.copies + 1):
                changed = self._changed([records[place] for place in chosen], kind, number)
                for place, new in zip(chosen, changed, strict=True):
                    made[place].append(_Made(kind, child((records[place],), kind, number, **new)))
        for record, several in zip(records, made, strict=True):
            several[:] = self._different(record, several, batch)
        verdicts = iter(self._judged([each for several in made for each in several]))
        for record, several in zip(records, made, strict=True):
            batch.kept.append(record)
            for each in several:
                self._keep(record, each, next(verdicts), batch)
        return batch

    def _keep(self, record: Record, made: _Made, verdict: Verdict | None, batch: Batch) -> None:
        if verdict is not None:
            batch.drop(made.record, f"{made.kind}: {verdict.reason}", verdict.detail)
            return
        batch.kept.append(made.record)
        batch.counts[f"{made.kind} added"] += 1
        for (field, before), (_, after) in zip(
            self._texts(record), self._texts(made.record), strict=True
        ):
            if before != after:
                batch.sample(made.kind, made.record.id, field, before, after)

    def notes(self) -> Iterator[str]:
        """Nothing is told; the model is let go."""
        if self._rewriter is not None:
            self._rewriter.close()
        yield from ()

    def _drawn(self, record: Record) -> bool:
        share = chance(self.settings.seed, "augment", record.id) / 2**64
        return share < self.settings.share

    def _changed(
        self, records: Sequence[Record], kind: str, number: int
    ) -> Iterator[dict[str, str | tuple[str, ...]]]:
        """The fields of each record in their new words."""
        if kind in WRITTEN:
            new = iter(self._written(records, kind, number))
        else:
            new = (
                self._rewritten(text, kind, (record.id, field, number))
                for record in records
                for field, text in self._texts(record)
            )
        for record in records:
            yield {
                field: next(new) if isinstance(value, str) else tuple(next(new) for _ in value)
                for field in self.settings.fields
                if (value := getattr(record, field))
            }

    def _texts(self, record: Record) -> list[tuple[str, str]]:
        """The texts to change, in the order of the settings, each with the name of its field."""
        found: list[tuple[str, str]] = []
        for field in self.settings.fields:
            value = getattr(record, field)
            if isinstance(value, str):
                found.extend([(field, value)] if value else [])
            else:
                found.extend((f"{field}[{n}]", text) for n, text in enumerate(value))
        return found

    def _rewritten(self, text: str, kind: str, place: tuple[object, ...]) -> str:
        rng = Random(chance(self.settings.seed, kind, *place))  # noqa: S311 -- no secret
        rate = self.settings.rate
        match kind:
            case "typo":
                return noise.typos(text, rng, rate)
            case "spacing":
                return noise.spacing(text, rng, rate)
            case "synonym":
                return self._synonyms.replace(text, rng, rate)
            case "particle":
                return grammar.particles(text, rng, rate)
            case _:
                return grammar.endings(text, rng, rate)

    def _written(self, records: Sequence[Record], kind: str, number: int) -> list[str]:
        if self._rewriter is None:
            raise AssertionError("a model's kind without a model")
        asked = [(record, text) for record in records for _, text in self._texts(record)]
        texts = [text for _, text in asked]
        if kind == "paraphrase":
            return self._rewriter.paraphrase(texts, number)
        languages = [record.language.partition("-")[0] for record, _ in asked]
        return self._rewriter.through(texts, languages, self.settings.pivot, number)

    def _joined(self, record: Record) -> str:
        return "\n".join(text for _, text in self._texts(record))

    def _different(self, record: Record, made: list[_Made], batch: Batch) -> list[_Made]:
        """Those that say something new."""
        before = self._joined(record)
        seen, found = {before}, []
        for each in made:
            after = self._joined(each.record)
            if not after.strip() or after in seen:
                told = "nothing to change" if after.strip() else "no answer"
                batch.counts[f"{each.kind}: {told}"] += 1
                continue
            seen.add(after)
            found.append(each._replace(before=before, after=after))
        return found

    def _judged(self, made: Sequence[_Made]) -> list[Verdict | None]:
        verdicts = [self._limits.judge(each.before, each.after) for each in made]
        if self.settings.encoder is not None:
            left = [place for place, verdict in enumerate(verdicts) if verdict is None]
            before, after = [made[n].before for n in left], [made[n].after for n in left]
            meant = self._limits.judge_meaning(self._loaded(), before, after)
            for place, verdict in zip(left, meant, strict=True):
                verdicts[place] = verdict
        if self._loss is not None and "answers" not in self.settings.fields:
            verdicts = [
                verdict or self._by_answer(self._loss, each)
                for each, verdict in zip(made, verdicts, strict=True)
            ]
        return verdicts

    def _by_answer(self, model: AnswerLoss, made: _Made) -> Verdict | None:
        answers = made.record.answers
        rise = model.rise(made.before, made.after, answers[0]) if answers else None
        if rise is None or rise <= self.settings.most_loss:
            return None
        return Verdict("answer less likely", f"loss higher by {rise:.2f}")

    def _loaded(self) -> Encoder:
        if self._encoder is None:
            self._encoder = load_encoder(self.settings.encoder or "")
        return self._encoder
