"""The step ``synthesize``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from baselines.corpus.asking import KEPT, Asker, Reply
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
from baselines.corpus.synthesize.verify import Claim, by_verdicts, by_words
from submission.errors import InputError
from submission.prompts.template import render

LONGEST_DETAIL = 500


@dataclass
class _Asked:
    """A prompt for a record, and what came of it."""

    record: Record
    prompt: str
    number: int
    """Which prompt of its record it is, from 1."""
    verdicts: int = 0
    """How many statements are judged, where any are."""
    value: Any = None
    problem: str = ""
    reply: str = ""

    @property
    def lack(self) -> str:
        """Why there is no value, in two words."""
        return "not readable" if self.reply else "no reply"

    @property
    def detail(self) -> str:
        """The same, with what was replied."""
        return f"{self.problem}: {self.reply}"[:LONGEST_DETAIL]


class Synthesize(Step):
    """Have a model write summaries, questions and answers, and check them against the documents.

    A reply that is not the JSON asked for, a verdict too, is asked for once more. Statements that
    the document does not support are taken out. What cannot be read or is not supported goes to
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
        self._asker = Asker(settings.recipe, settings.model, settings.change, settings.budget)

    def identity(self) -> dict[str, Any]:
        """The settings, prompts and keywords by their content, and what the replies depend on."""
        later = {
            *("recipe", "model", "change", "prompt", "verify_prompt", "keywords"),
            *(*KEPT, "skip_failed"),
        }
        return {
            **self.settings.model_dump(mode="json", exclude=later),
            "prompts": [self._prompt, self._verify, self._repair],
            "keywords": self._keywords,
            **self._asker.identity(),
        }

    def prepare(self, corpus: Corpus, out: Path, say: Say) -> None:
        """Open the ledger."""
        work = digest([self.identity(), corpus.digest])
        self._asker.open(self.settings.ledger(out), work, say)

    def apply(self, records: Sequence[Record], first: int) -> Batch:  # noqa: ARG002
        """Ask about each record, and make records of what is replied."""
        batch = Batch()
        asked = [each for record in records for each in self._asked(record, batch)]
        self._answer(asked, REPLIES[self.settings.task], batch)
        made = self._made([each for each in asked if each.value is not None], batch)
        for each in asked:
            if each.value is None:
                batch.drop(each.record, each.lack, each.detail)
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
        return [_Asked(record, prompt, number) for number, prompt in enumerate(prompts, start=1)]

    def _ask(self, prompts: Sequence[str], kind: type) -> list[Reply]:
        schema = SCHEMAS[kind] if self.settings.structure else None
        return self._asker.ask(prompts, schema, skip_failed=self.settings.skip_failed)

    def _answer(self, asked: Sequence[_Asked], kind: type, batch: Batch) -> None:
        """Ask, and once more for what cannot be read."""
        self._fill(asked, kind)
        repeated = [each for each in asked if each.value is None and each.reply]
        batch.counts["asked once more"] += len(repeated)
        again = [replace(each, prompt=self._repaired(each)) for each in repeated]
        self._fill(again, kind)
        for each, new in zip(repeated, again, strict=True):
            each.value, each.problem, each.reply = new.value, new.problem, new.reply

    def _fill(self, asked: Sequence[_Asked], kind: type) -> None:
        """Ask, and read each reply."""
        for each, reply in zip(asked, self._ask([one.prompt for one in asked], kind), strict=True):
            each.reply, each.problem = reply.text, reply.problem
            if reply.problem:
                continue
            try:
                each.value = _whole(read_reply(reply.text, kind), each.verdicts)
            except ValueError as error:
                each.problem = f"{error}, cut off" if reply.cut else str(error)

    def _repaired(self, asked: _Asked) -> str:
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
        supported = self._supported([each.record for each, _ in drafts], claims, batch)
        made: list[tuple[Record, Record]] = []
        numbers: dict[str, int] = {}
        for (each, pair), claim, text in zip(drafts, claims, supported, strict=True):
            if text is None:
                continue
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

    def _supported(
        self, records: Sequence[Record], claims: Sequence[Claim], batch: Batch
    ) -> Sequence[str | None]:
        """What the documents support of each claim; ``None`` of one that is dropped here."""
        if self.settings.verify == "none":
            return [claim.text for claim in claims]
        if self.settings.verify == "overlap":
            return by_words(claims, self.settings.min_support)
        asked = [
            _Asked(record, self._judging(claim), number=1, verdicts=len(claim.statements))
            for record, claim in zip(records, claims, strict=True)
        ]
        self._answer(asked, Verdicts, batch)
        for each in asked:
            if each.value is None:
                batch.drop(each.record, f"verdict: {each.lack}", each.detail)
        return by_verdicts(claims, [each.value for each in asked])

    def _judging(self, claim: Claim) -> str:
        document = "\n\n".join(claim.documents)
        return render(self._verify, None, str, document=document, statements=claim.statements)

    def _record(self, record: Record, pair: Pair | str, text: str, number: int) -> Record:
        kind = self.settings.task
        if isinstance(pair, str):
            return child((record,), kind, number, task="structured", summary=text)
        task = "structured" if record.summary and kind == "question" else "qa"
        return child(
            (record,), kind, number, task=task, question=pair.question.strip(), answers=(text,)
        )


def _whole(value: Any, verdicts: int) -> Any:
    """The value; raises ``ValueError`` where verdicts are not one for each statement."""
    if isinstance(value, Verdicts) and len(value.supported) != verdicts:
        raise ValueError(f"{len(value.supported)} verdicts on {verdicts} statements")
    return value


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
