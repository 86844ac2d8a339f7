"""The step ``synthesize``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from baselines.corpus.asking import Asker, Budget, Reply
from baselines.corpus.batch import Batch
from baselines.corpus.folder import Corpus, digest
from baselines.corpus.origin import child
from baselines.corpus.record import Record
from baselines.corpus.steps import Say, Settings, Step
from baselines.corpus.synthesize.settings import Synthesizing
from baselines.corpus.synthesize.tasks import (
    REPLIES,
    SCHEMAS,
    Pair,
    Pairs,
    Summary,
    Verdicts,
    asked_of,
    lacking,
    prompt_of,
    read_reply,
)
from baselines.corpus.synthesize.verify import Claim, by_model, by_words
from submission.errors import InputError
from submission.prompts.template import render

LONGEST_DETAIL = 500


@dataclass
class _Prompt:
    """A prompt, and what came of it."""

    prompt: str
    value: Any = None
    problem: str = ""
    reply: str = ""


@dataclass
class _Asked(_Prompt):
    """A prompt for a record; ``number`` is which of its record it is, from 1."""

    record: Record = field(kw_only=True)
    number: int = field(kw_only=True)


class Synthesize(Step):
    """Have a model write summaries, questions and answers, and check them against the documents.

    A reply that is not the JSON asked for is asked for once more. Statements that the document
    does not support are taken out. What cannot be read or is not supported goes to
    dropped-*.jsonl. Replies are in a ledger: no request is paid twice, and a step that was
    stopped goes on with what is missing.
    """

    name = "synthesize"
    about = "Have a model write summaries, questions and answers, and check them."
    settings_type: ClassVar[type[Settings]] = Synthesizing
    in_process = True
    settings: Synthesizing

    def __init__(self, settings: Synthesizing) -> None:
        super().__init__(settings)
        if (settings.task == "keywords") != (settings.keywords is not None):
            raise InputError("task 'keywords' needs the file 'keywords', and no other task has one")
        self._prompt = prompt_of(settings.task, settings.prompt)
        self._verify = prompt_of("verify", settings.verify_prompt)
        self._repair = prompt_of("repair", None)
        self._keywords = [] if settings.keywords is None else _lines(settings.keywords)
        budget = Budget(settings.token_budget, settings.max_cost)
        self._asker = Asker(settings.recipe, settings.model, settings.change, budget)

    def identity(self) -> dict[str, Any]:
        """The settings, prompts and keywords by their content, and what the replies depend on."""
        later = {
            *("recipe", "model", "change", "prompt", "verify_prompt", "keywords"),
            *("cache", "max_cost", "token_budget", "skip_failed"),
        }
        return {
            **self.settings.model_dump(mode="json", exclude=later),
            "prompts": [self._prompt, self._verify, self._repair],
            "keywords": self._keywords,
            **self._asker.identity(),
        }

    def prepare(self, corpus: Corpus, out: Path, say: Say) -> None:
        """Open the ledger."""
        beside = out.with_name(f"{out.name}.replies.db")
        work = digest([self.identity(), corpus.digest])
        self._asker.open(self.settings.cache or beside, work, say)

    def apply(self, records: Sequence[Record], first: int) -> Batch:  # noqa: ARG002
        """Ask about each record, and make records of what is replied."""
        batch = Batch()
        asked = [each for record in records for each in self._asked(record, batch)]
        self._fill(asked, REPLIES[self.settings.task], batch)
        made = self._made([each for each in asked if each.value is not None], batch)
        for each in asked:
            if each.value is None:
                detail = f"{each.problem}: {each.reply}"[:LONGEST_DETAIL]
                batch.drop(each.record, "not readable" if each.reply else "no reply", detail)
        # Not by their ids, which two records may share.
        of: dict[int, list[Record]] = {}
        for origin, written in made:
            of.setdefault(id(origin), []).append(written)
        for record in records:
            if self.settings.originals:
                batch.kept.append(record)
            batch.kept += of.get(id(record), [])
        return batch

    def notes(self) -> Iterator[str]:
        """Nothing is told; the model is let go."""
        self._asker.close()
        yield from ()

    def _asked(self, record: Record, batch: Batch) -> list[_Asked]:
        lacks = lacking(record, self.settings.task)
        if lacks:
            batch.drop(record, "lacks what is asked about", lacks)
            return []
        found = asked_of(record, self.settings.task, self.settings.count, self._keywords)
        prompts = [render(self._prompt, None, str, **variables) for variables in found]
        if not prompts:
            batch.drop(record, "no keyword")
        return [
            _Asked(prompt, record=record, number=number)
            for number, prompt in enumerate(prompts, start=1)
        ]

    def _ask(self, prompts: Sequence[str], kind: type) -> list[Reply]:
        schema = SCHEMAS[kind] if self.settings.structure else None
        return self._asker.ask(prompts, schema, skip_failed=self.settings.skip_failed)

    def _fill(self, asked: Sequence[_Prompt], kind: type, batch: Batch) -> None:
        """Ask, and read each reply; of one that cannot be read, once more."""
        self._fill_once(asked, kind)
        repeated = [each for each in asked if each.value is None and each.reply]
        batch.counts["asked once more"] += len(repeated)
        again = [_Prompt(self._repaired(each)) for each in repeated]
        self._fill_once(again, kind)
        for each, new in zip(repeated, again, strict=True):
            each.value, each.problem, each.reply = new.value, new.problem, new.reply

    def _fill_once(self, asked: Sequence[_Prompt], kind: type) -> None:
        for each, reply in zip(asked, self._ask([one.prompt for one in asked], kind), strict=True):
            each.reply, each.problem = reply.text, reply.problem
            if reply.problem:
                continue
            try:
                each.value = read_reply(reply.text, kind)
            except ValueError as error:
                each.problem = f"{error}, cut off" if reply.cut else str(error)

    def _repaired(self, asked: _Prompt) -> str:
        return render(
            self._repair, None, str, prompt=asked.prompt, reply=asked.reply, problem=asked.problem
        )

    def _made(self, asked: Sequence[_Asked], batch: Batch) -> list[tuple[Record, Record]]:
        """The records of what was replied, as far as their documents support it, with whose."""
        most = self.settings.count
        drafts = [(each, pair) for each in asked for pair in _pairs(each.value)[:most]]
        claims = [
            Claim(pair if isinstance(pair, str) else pair.answer, _grounds(each.record))
            for each, pair in drafts
        ]
        supported = self._supported(claims, batch)
        made: list[tuple[Record, Record]] = []
        numbers: dict[str, int] = {}
        for (each, pair), claim, text in zip(drafts, claims, supported, strict=True):
            if not text:
                batch.drop(each.record, "not supported", claim.text[:LONGEST_DETAIL])
                continue
            batch.counts["statements removed"] += len(claim.statements) - len(
                Claim(text, ()).statements
            )
            number = numbers[each.record.id] = numbers.get(each.record.id, 0) + 1
            new = self._record(each.record, pair, text, number)
            made.append((each.record, new))
            batch.counts["made"] += 1
            batch.sample("made", new.id, "answers", claim.text, text)
        return made

    def _supported(self, claims: Sequence[Claim], batch: Batch) -> list[str]:
        if self.settings.verify == "none":
            return [claim.text for claim in claims]
        if self.settings.verify == "overlap":
            return by_words(claims, self.settings.min_support)
        return by_model(claims, partial(self._judged, batch))

    def _judged(self, batch: Batch, claims: Sequence[Claim]) -> list[Verdicts | None]:
        asked = [
            _Prompt(
                render(
                    self._verify,
                    None,
                    str,
                    document="\n\n".join(claim.documents),
                    statements=claim.statements,
                )
            )
            for claim in claims
        ]
        self._fill(asked, Verdicts, batch)
        return [each.value for each in asked]

    def _record(self, record: Record, pair: Pair | str, text: str, number: int) -> Record:
        kind = self.settings.task
        if isinstance(pair, str):
            return child((record,), kind, number, task="structured", summary=text)
        task = "structured" if record.summary and kind == "question" else "qa"
        return child(
            (record,), kind, number, task=task, question=pair.question.strip(), answers=(text,)
        )


def _pairs(value: Summary | Pair | Pairs) -> Sequence[Pair | str]:
    if isinstance(value, Summary):
        return [value.summary]
    return value.pairs if isinstance(value, Pairs) else [value]


def _grounds(record: Record) -> tuple[str, ...]:
    """What a statement about a record may rest on: its documents, or without one its answers."""
    return record.documents or record.answers


def _lines(path: Path) -> list[str]:
    try:
        read = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as UTF-8 text: {error}") from None
    found = list(dict.fromkeys(line.strip() for line in read if line.strip()))
    if not found:
        raise InputError(f"{path}: holds no keyword; write one a line")
    return found
