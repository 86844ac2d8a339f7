"""What is counted, and by what rule; every number that is shown has one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

import numpy as np
import xxhash

_SENTENCE_END: Final = re.compile(r"[.!?…。？！]+[\"'”’»)\]]*(?=\s|$)|\n+")
_NO_LETTER: Final = re.compile(r"[\W_]+")
_WORD: Final = re.compile(r"[^\W_]+(?:[-'’.][^\W_]+)*")

RULES: Final = {
    "records": "lines of JSONL, rows of Parquet",
    "texts": "values of the field that are not empty",
    "bytes": "of the texts in UTF-8, without the file's own markup",
    "characters": "code points, white space included",
    "syllables": "Hangul syllables, U+AC00 to U+D7A3",
    "eojeol": "runs of characters between white space",
    "sentences": "ended by . ! ? … before white space, by a line end, or by the end of the text",
    "lengths": "characters of a text; above 1,024 to the nearest 1.6%",
    "words": "eojeol without the punctuation around them, in lower case, of the sample",
    "morphemes": "by Kiwi, of the sample up to its limit of characters",
    "duplicates": "equal in NFKC and lower case without white space and punctuation",
    "similarity": "cosine of TF-IDF over runs of 2 and 3 characters inside words, of the sample",
    "correlation": "Pearson's and Spearman's, of lengths in the sample",
    "eta squared": "share of the variance of a length that categories explain, in the sample",
    "leaks": "questions (documents where there is none) whose runs of 5 characters have a Jaccard "
    "index of at least the limit with those of a test text, both without white space and "
    "punctuation",
    "Jensen-Shannon": "divergence to the base 2: 0 is the same, 1 is nothing in common",
    "by chance": "the divergence of as many sampled records of the first as the second has, from "
    "the rest of the first",
    "log-odds": "z of the log-odds with the frequencies of the whole as prior; nouns, roots and "
    "foreign words by Kiwi",
    "chi-squared": "of the records in and outside the category, with and without the word",
}


def normalized(text: str) -> str:
    """The text as duplicates and leaks compare it."""
    return _NO_LETTER.sub("", unicodedata.normalize("NFKC", text).casefold())


def words(text: str) -> list[str]:
    """The words of a text."""
    return _WORD.findall(text.lower())


def sentences(text: str) -> int:
    """How many sentences a text has."""
    return sum(1 for part in _SENTENCE_END.split(text) if part.strip())


def syllables(text: str) -> int:
    """How many Hangul syllables a text has."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    return int(np.count_nonzero((points >= 0xAC00) & (points <= 0xD7A3)))


def hashed(text: str) -> int:
    """64 bits of a text."""
    return xxhash.xxh3_64_intdigest(text.encode("utf-8", "surrogatepass"))


def jensen_shannon(one: Sequence[float], other: Sequence[float]) -> float | None:
    """The divergence of two distributions over the same values; None where one is empty."""
    p, q = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    if not p.sum() or not q.sum():
        return None
    p, q = p / p.sum(), q / q.sum()
    middle = (p + q) / 2

    def against(part: np.ndarray) -> float:
        there = part > 0
        return float((part[there] * np.log2(part[there] / middle[there])).sum())

    return max(0.0, (against(p) + against(q)) / 2)
