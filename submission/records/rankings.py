"""Rankings of labels as a model writes them: ``1. C 2. B 3. A``, ``정답: c, b, a``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

_BETWEEN: Final = re.compile(r"(?:[\s,;>/|→、·-]|\b(?:and|then)\b)+")
_AROUND: Final = " \t\n.*_`\"'“”‘’()[]{}"
_ENDING: Final = re.compile(r"\s?순?(?:서|으?로)?\s?(?:입니다|이다|이에요|예요)?[.!\s]*\Z")
_MARK: Final = re.compile(
    r"(?:\A|(?<=[\s,;>]))"
    r"(?:[(（]?(\d{1,2})(?:[.:)．：）]|st\b:?|nd\b:?|rd\b:?|th\b:?|순?위:?)(?!\d)|([①-⑳]))\s*"
)
_COLON: Final = re.compile(r"[:：=]|\b(?:is|are)\b|(?<=[가-힣])[은는](?=\s)")
_SENTENCE_END: Final = re.compile(r"[\n.!?]")
_LONGEST_LEAD: Final = 80
_RANKS: Final = re.compile(
    r"정답|답|순위|순서|예측|\b(?:answers?|rank\w*|order|top|best|choices|predictions?)\b",
    re.IGNORECASE,
)
_DENIES: Final = re.compile(
    r"오답|아닌|아니|틀린|제외|\b(?:wrong|incorrect|not|except)\b|(?<!to )\bworst\b", re.IGNORECASE
)


class Rankings:
    """Reads rankings of a closed set of labels, each with a name or none; case does not matter."""

    def __init__(self, labels: Sequence[str], names: Sequence[str] = ()) -> None:
        self._known: Mapping[str, str] = {
            **_unambiguous(dict(zip(names, labels, strict=False))),
            **_unambiguous({label: label for label in labels}),
            **{label: label for label in labels},
        }
        longest = sorted((*labels, *names), key=len, reverse=True)
        listed = "|".join(map(re.escape, longest))
        self._leading = re.compile(
            rf"[\s*(\[]*(?P<label>{listed})(?=[)\]*]*(?:\s*\Z|\s*\n|\s?[,;.:(–—>]|\s-\s))",
            re.IGNORECASE,
        )
        # "A carbon atom" begins with an article.
        self._mention = re.compile(
            "|".join(
                rf"(?<![A-Za-z0-9]){re.escape(label)}(?![A-Za-z0-9])"
                + (r"(?! (?!and\b|or\b|then\b)[a-z])" if label in {"A", "I"} else "")
                for label in sorted(labels, key=len, reverse=True)
            )
        )

    def read(self, text: str) -> list[str] | None:
        """The labels that ``text`` ranks, best first.

        None where it ranks none, or where a list and what is called the answer disagree.
        """
        numbered = list(self._numbered(text))
        if not numbered and (whole := self._items(text)):
            return whole
        called = [*numbered, *self._introduced(text)]
        found = called or [
            items for line in text.splitlines() if len(items := self._items(line) or []) > 1
        ]
        return found[0] if found and all(each == found[0] for each in found) else None

    def without_marks(self, text: str) -> str:
        """``text`` without the numbers of a list, which choose nothing."""
        marks = _marks(text)
        if len(marks) > 1 or list(self._numbered(text)):
            for mark in reversed(marks):
                text = f"{text[: mark.start()]}{text[mark.end() :]}"
        return text

    def mentioned(self, text: str) -> set[str]:
        """The labels that ``text`` holds, right or wrong."""
        return set(self._mention.findall(text))

    def _items(self, text: str) -> list[str] | None:
        for bare in (text, _ENDING.sub("", text.strip(_AROUND))):
            if one := self._label(bare):
                return [one]
            items = [self._label(item) for item in _BETWEEN.split(bare.strip(_AROUND))]
            labels = [item for item in items if item is not None]
            if len(labels) == len(items):
                return labels
        return None

    def _label(self, text: str) -> str | None:
        bare = text.strip(_AROUND)
        return self._known.get(bare) or self._known.get(_folded(bare))

    def _numbered(self, text: str) -> Iterator[list[str]]:
        marks = _marks(text)
        ends = [*(mark.start() for mark in marks), len(text)][1:]
        leading = [
            self._leading.match(text, mark.end(), end)
            for mark, end in zip(marks, ends, strict=True)
        ]
        labels = [self._label(found["label"]) for found in leading if found]
        known = [label for label in labels if label is not None]
        if not known or len(known) < len(marks):
            return
        # "1. 3. 2" ranks three.
        if len(known) > 1 or self.mentioned(text[marks[0].end() :]) <= {*known}:
            yield known

    def _introduced(self, text: str) -> Iterator[list[str]]:
        for colon in _COLON.finditer(text):
            before = text[max(0, colon.start() - _LONGEST_LEAD) : colon.start()]
            lead = _SENTENCE_END.split(before)[-1]
            if not _RANKS.search(lead) or _DENIES.search(lead):
                continue
            rest = text[colon.end() :].strip()
            for part in (rest, rest.partition("\n")[0], _SENTENCE_END.split(rest)[0]):
                if items := self._items(part):
                    yield items
                    break


def _marks(text: str) -> list[re.Match[str]]:
    """The marks of the last list that counts up from 1."""
    marks: list[re.Match[str]] = []
    for mark in _MARK.finditer(text):
        number = int(mark[1]) if mark[1] else int(unicodedata.numeric(mark[2]))
        if number == 1:
            marks = [mark]
        elif number == len(marks) + 1:
            marks.append(mark)
    return marks


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _unambiguous(labels: Mapping[str, str]) -> dict[str, str]:
    """By what each is called whatever its case, where no other is called the same."""
    folded = [_folded(name) for name in labels]
    return {
        name: label
        for name, label in zip(folded, labels.values(), strict=True)
        if folded.count(name) == 1
    }
