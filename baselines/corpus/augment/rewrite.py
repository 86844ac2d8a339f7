"""Texts in other words, written by a model through one of the kit's engines."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from baselines.corpus.asking import Asker
from baselines.corpus.steps import Say
from submission.errors import InputError, few
from submission.prompts.extract import extract
from submission.prompts.template import free_names, render

_LANGUAGES = {"ko": "한국어", "en": "영어", "zh": "중국어", "ja": "일본어"}


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
    """Has texts rewritten by a recipe's model, which is asked by an :class:`Asker`."""

    def __init__(self, asker: Asker, prompts: dict[str, str]) -> None:
        self._asker = asker
        self._prompts = prompts

    def identity(self) -> dict[str, Any]:
        """What the answers depend on."""
        extraction = self._asker.recipe.extraction.model_dump(mode="json")
        return {**self._asker.identity(), "extraction": extraction, "prompts": self._prompts}

    def open(self, cache: Path, work: str, say: Say) -> None:
        """Use the ledger at ``cache``, which may have the answers of an earlier try."""
        self._asker.open(cache, work, say)

    def close(self) -> None:
        """Let the model go."""
        self._asker.close()

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
        back = self._ask(
            [
                render(template, text=text, language=_named(own))
                for text, own in zip(there, languages, strict=True)
                if text
            ],
            number,
        )
        answers = iter(back)
        return [next(answers) if text else "" for text in there]

    def _ask(self, prompts: Sequence[str], number: int) -> list[str]:
        replies = self._asker.ask(prompts, None, number=number)
        return [extract(reply.text, self._asker.recipe.extraction) for reply in replies]


def _named(language: str) -> str:
    return _LANGUAGES.get(language, language)
