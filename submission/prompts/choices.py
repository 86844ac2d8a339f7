"""The options of a question as the tokens that would go on a prompt."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from submission.errors import InputError
from submission.prompts.special import special_ids
from submission.prompts.spelled import Marks, SpelledTokens
from submission.recipes.choice import Choice

TAIL = 64
"""Characters at a prompt's end that decide how an option behind it is tokenized."""

AGREEING = 3
"""Tokens in which such a tail ends as the whole prompt does."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a request chooses from: ``tokens`` go on its prompt, an option each.

    ``texts`` are the same in words, with the space before them. ``lengths`` divide the options'
    log-likelihoods; ``unconditional`` are the tokens of the prompt without the question, after
    which the log-likelihood is subtracted. ``generated`` says that one of ``texts`` is generated,
    so that there are no log-likelihoods.
    """

    labels: tuple[str, ...]
    texts: tuple[str, ...]
    tokens: tuple[tuple[int, ...], ...]
    lengths: tuple[int, ...] = ()
    unconditional: tuple[int, ...] = ()
    generated: bool = False

    @property
    def longest(self) -> int:
        """Tokens of the longest option."""
        return max(map(len, self.tokens))

    def normalized(
        self, given: Sequence[float], unconditional: Sequence[float] = ()
    ) -> dict[str, float]:
        """By label, what the options' log-likelihoods (natural logarithm) are compared by.

        Options of the same tokens have the value of the first of them, without a rounding error.
        """
        first = [self.tokens.index(each) for each in self.tokens]
        given = [given[place] for place in first]
        if self.lengths:
            given = [each / length for each, length in zip(given, self.lengths, strict=True)]
        if self.unconditional:
            priors = [unconditional[place] for place in first]
            given = [each - prior for each, prior in zip(given, priors, strict=True)]
        return dict(zip(self.labels, given, strict=True))

    def label_of(self, text: str) -> str | None:
        """The label of the option that was generated."""
        found = [label for label, each in zip(self.labels, self.texts, strict=True)
                 if each.strip() == text.strip()]  # fmt: skip
        return found[0] if found else None


def best(likelihoods: Mapping[str, float]) -> str:
    """The label of the highest value, the first of equal ones."""
    return max(likelihoods, key=lambda label: likelihoods[label])


class ChoiceEncoder:
    """Makes :class:`Choices` for the prompts of one recipe with one tokenizer."""

    def __init__(self, tokenizer: Any, choice: Choice, *, special: bool) -> None:
        self._choice = choice
        self._spelled = SpelledTokens(tokenizer)
        self._special = frozenset(special_ids(tokenizer).values())
        before = self._spelled.around[0] if special else []
        self._unconditional = (*before, *self._prompt(choice.unconditional))
        self._following = lru_cache(maxsize=1 << 14)(self._ids_after)

    def choices(
        self, text: str, ids: Sequence[int], labels: Sequence[str], options: Sequence[str]
    ) -> tuple[tuple[int, ...], Choices]:
        """What follows the prompt ``text``, whose tokens are ``ids``, in every case, and the rest.

        Labels that all begin with the same token (a space of its own) differ behind it: it belongs
        to the prompt. Raises :class:`InputError` where the prompt's end is not a token of its own
        before an option, and where labels cannot be told apart by their tokens.
        """
        whole = self._choice.method == "options"
        words = [option.strip() for option in (options if whole else labels)]
        space = " " if self._spaced(text, ids) else ""
        texts = tuple(f"{space}{each}" for each in words)
        tokens = [self._after(text, ids, each) for each in texts]
        lead: tuple[int, ...] = ()
        if self._choice.method == "labels":
            while len({each[0] for each in tokens}) == 1 and min(map(len, tokens)) > 1:
                lead += tokens[0][:1]
                tokens = [each[1:] for each in tokens]
            self._require_apart(labels, tokens)
        if not whole and len(set(tokens)) < len(tokens):
            raise InputError("two of the labels are the same tokens; change one of them.")
        choices = Choices(
            labels=tuple(labels),
            texts=texts,
            tokens=tuple(tokens),
            lengths=self._lengths(words, tokens),
            unconditional=self._unconditional if self._choice.normalize == "pmi" else (),
            generated=not self._choice.scores,
        )
        return lead, choices

    def _lengths(self, words: Sequence[str], tokens: Sequence[Sequence[int]]) -> tuple[int, ...]:
        match self._choice.normalize:
            case "token":
                return tuple(map(len, tokens))
            case "character":
                return tuple(map(len, words))
            case "byte":
                return tuple(len(each.encode()) for each in words)
            case _:
                return ()

    def _require_apart(self, labels: Sequence[str], tokens: Sequence[tuple[int, ...]]) -> None:
        for label, each in zip(labels, tokens, strict=True):
            for other, longer in zip(labels, tokens, strict=True):
                if each != longer and longer[: len(each)] == each:
                    raise InputError(
                        f"the label '{other}' begins with the tokens of '{label}', so it can never "
                        "be the more likely one. Set choice.labels to letters, or "
                        "choice.method = 'options'."
                    )

    def _spaced(self, text: str, ids: Sequence[int]) -> bool:
        """Whether what goes on the prompt begins with a space."""
        if self._choice.leading_space != "auto":
            return self._choice.leading_space == "yes"
        if not text or text[-1].isspace() or ids[-1] in self._special:
            return False
        category = unicodedata.category(text[-1])
        wide = unicodedata.east_asian_width(text[-1]) in {"W", "F"}
        opening = category in {"Ps", "Pi"} or text[-1] in "\"'"
        return not opening and not (wide and category.startswith("P"))

    def _after(self, text: str, ids: Sequence[int], option: str) -> tuple[int, ...]:
        end = tuple(ids[-AGREEING:])
        for prompt in (text[-TAIL:], text):
            found = self._following(prompt, end, option)
            if found:
                return found
        how = "without a space before it" if option[:1] != " " else "with a space before it"
        raise InputError(
            f"the prompt ends with {text[-12:]!r}, and its tokens are not the beginning of those "
            f"with {option!r} ({how}) behind it. End the prompt without white space (or with a "
            "line break), or set choice.leading_space to 'yes' or 'no'."
        )

    def _ids_after(self, prompt: str, end: tuple[int, ...], option: str) -> tuple[int, ...]:
        """The ids of ``option`` behind a prompt that ends in ``end``; none where it does not."""
        before, whole = self._prompt(prompt), self._prompt(f"{prompt}{option}")
        if before[-len(end) :] != end or whole[: len(before)] != before:
            return ()
        return whole[len(before) :]

    def _prompt(self, text: str) -> tuple[int, ...]:
        return tuple(self._spelled.ids(text, Marks(), special=False))
