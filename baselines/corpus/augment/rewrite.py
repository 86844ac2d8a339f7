"""Texts in other words, written by a model through one of the kit's engines."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from submission.engines.base import Engine, EngineContext, Failure, Request, prompts_of
from submission.engines.choose import make_engine
from submission.errors import InputError, Stopped, few
from submission.prompts.extract import extract
from submission.prompts.template import free_names, render
from submission.recipes import Recipe, find_recipe, model_overrides
from submission.records.rows import Question

JOURNAL = ".rewritten.jsonl"
"""What was answered so far, in the step's folder, until the step has ended."""

_LANGUAGES = {"ko": "한국어", "en": "영어", "zh": "중국어", "ja": "일본어"}


class _Answer(msgspec.Struct, frozen=True):
    key: str
    text: str


def template_of(name: str, given: Path | None, needed: Sequence[str]) -> str:
    """A prompt: the person's file, or the package's own.

    Raises :class:`InputError` where it does not show the text.
    """
    if given is None:
        return resources.files(__package__).joinpath("prompts", f"{name}.j2").read_text("utf-8")
    try:
        text = given.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{given}: cannot be read as UTF-8 text: {error}") from None
    names = free_names(text)
    if "text" not in names or not set(names) <= set(needed):
        told = few(f"{{{{ {each} }}}}" for each in needed)
        raise InputError(f"{given}: a prompt shows {{{{ text }}}}; it may show {told}")
    return text


class Rewriter:
    """Asks a recipe's model; what it answered before is not asked again."""

    def __init__(
        self, recipe: str, model: str | None, changes: Sequence[str], prompts: dict[str, str]
    ) -> None:
        own = [
            "prompt.template={{ question }}",
            *changes,
            *model_overrides(model, None, None, None),
        ]
        self.recipe: Recipe = find_recipe(recipe, own)
        self._prompts = prompts
        self._engine: Engine = make_engine(EngineContext(self.recipe))
        self._journal: Path | None = None
        self._known: dict[str, str] = {}

    def identity(self) -> dict[str, Any]:
        """What the answers depend on."""
        shown = self.recipe.model_dump(
            mode="json", include={"model", "sampling", "extraction", "prompt"}
        )
        engine = dict(self._engine.identity)
        return {"recipe": shown, "engine": engine, "prompts": self._prompts}

    def open(self, folder: Path) -> None:
        """Find what an earlier try has answered."""
        self._journal = folder / JOURNAL
        if self._journal.is_file():
            for line in self._journal.read_bytes().splitlines():
                try:
                    answer = msgspec.json.decode(line, type=_Answer)
                except msgspec.DecodeError:  # cut by a kill
                    continue
                self._known[answer.key] = answer.text

    def close(self) -> None:
        """Let the model go, and forget what it answered."""
        self._engine.close()
        if self._journal is not None:
            self._journal.unlink(missing_ok=True)

    def paraphrase(self, texts: Sequence[str], number: int) -> list[str]:
        """Each text in other words; empty where the model gave no answer."""
        template = self._prompts["paraphrase"]
        return self._ask([render(template, text=text) for text in texts], number)

    def through(
        self, texts: Sequence[str], languages: Sequence[str], pivot: str, number: int
    ) -> list[str]:
        """Each text translated into ``pivot`` and back into its own language."""
        template = self._prompts["translate"]
        there = self._ask(
            [render(template, text=text, language=_named(pivot)) for text in texts], number
        )
        back = [
            render(template, text=text, language=_named(own))
            for text, own in zip(there, languages, strict=True)
        ]
        answers = self._ask(back, number)
        return [text if way else "" for text, way in zip(answers, there, strict=True)]

    def _ask(self, prompts: Sequence[str], number: int) -> list[str]:
        keys = [_digest(prompt, number) for prompt in prompts]
        missing = {
            key: prompt for key, prompt in zip(keys, prompts, strict=True) if key not in self._known
        }
        if missing:
            self._complete(missing, number)
        return [self._known.get(key, "") for key in keys]

    def _complete(self, missing: dict[str, str], number: int) -> None:
        if self._journal is None:
            raise AssertionError("asked before it was opened")
        self._engine.start()
        asked = [(Question(key, prompt, "", {}), prompt) for key, prompt in missing.items()]
        requests = [
            Request(
                question.id, question, text, () if isinstance(ids, str) else ids,
                0 if self.recipe.sampling.greedy else self.recipe.sampling.seed + number,
            )
            for (question, text), ids in zip(asked, prompts_of(self._engine, asked), strict=True)
        ]  # fmt: skip
        failed: Counter[str] = Counter()
        with self._journal.open("ab") as file:
            for step in self._engine.complete(requests):
                for outcome in step:
                    if isinstance(outcome, Failure):
                        failed[outcome.reason] += 1
                        continue
                    text = extract(outcome.text, self.recipe.extraction)
                    self._known[outcome.key] = text
                    file.write(msgspec.json.encode(_Answer(outcome.key, text)) + b"\n")
                file.flush()
        if failed:
            told = few(f"{why} ({count})" for why, count in failed.most_common())
            raise Stopped(
                f"{failed.total():,} of {len(requests):,} texts were not rewritten: {told}. The "
                "others are kept; the same command asks for these again."
            )


def _digest(prompt: str, number: int) -> str:
    return hashlib.sha256(json.dumps([prompt, number]).encode()).hexdigest()


def _named(language: str) -> str:
    return _LANGUAGES.get(language, language)
