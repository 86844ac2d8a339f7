"""What a model or its tokenizer leaves in a text, and characters that nobody sees."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from submission.prompts.special import MARKS

_ZERO_WIDTH = "\u00ad\u115f\u1160\u180e\u200b\u2060-\u2064\u3164\ufeff\uffa0"
_DIRECTIONS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
# Joiners belong into emoji and into Indic and Persian words.
_STRAY_JOINER = "[\u200c\u200d](?=[가-힣ㄱ-ㅣA-Za-z0-9\\s]|$)"


@dataclass(frozen=True)
class Leftover:
    """A kind of leftover: what answers hold, ``what``, and what to do about it, ``way_out``."""

    code: str
    pattern: re.Pattern[str]
    what: str
    way_out: str


def leftovers(special_tokens: Iterable[str] = ()) -> tuple[Leftover, ...]:
    """Every kind, special tokens being those of the known families and those that are given."""
    known = sorted(map(re.escape, special_tokens), key=len, reverse=True)
    return (
        Leftover(
            "text-marks",
            re.compile("|".join([*known, MARKS.pattern])),
            "special tokens of a model",
            "set extraction.cut or extraction.after in the recipe, or sampling.stop",
        ),
        *_OTHERS,
    )


_OTHERS = (
    Leftover(
        "text-pieces",
        re.compile(
            r"<0x[0-9A-Fa-f]{2}>|▁(?=\w)|(?<=[a-z가-힣.,])[ĠĊ]|(?<=[^\W\d_] )##(?=[^\W\d_])"
        ),
        "pieces of a tokenizer",
        "decode all tokens of an answer together, with the model's own tokenizer",
    ),
    Leftover(
        "text-replaced",
        re.compile("\ufffd"),
        "characters that could not be decoded",
        "read the file in its own encoding, or raise sampling.max_tokens: a cut can split a "
        "character",
    ),
    Leftover(
        "text-decomposed",
        # Only what composes: Hangul of old texts is written in such letters too.
        re.compile("[\u1100-\u1112][\u1161-\u1175]"),
        "decomposed Hangul (NFD), which equals no composed text",
        "normalize the answers to NFC",
    ),
    Leftover(
        "text-invisible",
        re.compile(f"[{_ZERO_WIDTH}]|{_STRAY_JOINER}"),
        "characters without width",
        "remove them",
    ),
    Leftover(
        "text-direction",
        re.compile(f"[{_DIRECTIONS}]"),
        "marks of writing direction",
        "remove them",
    ),
    Leftover(
        "text-control",
        re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufff9-\ufffb]"),
        "control characters",
        "remove them",
    ),
)
