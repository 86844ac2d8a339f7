"""The step ``mask``."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Final

from pydantic import Field

from baselines.corpus.batch import MOST_SAMPLES, Batch
from baselines.corpus.mask import names as people
from baselines.corpus.mask import numbers as numbered
from baselines.corpus.mask import places as placed
from baselines.corpus.mask.names import names
from baselines.corpus.mask.numbers import Span, numbers
from baselines.corpus.mask.places import places
from baselines.corpus.record import Record
from baselines.corpus.steps import Settings, Step
from submission.errors import InputError, nearest

PLACEHOLDERS: Final = {
    "name": "이름",
    "phone": "전화번호",
    "email": "이메일",
    "address": "주소",
    "postcode": "우편번호",
    "birth": "생년월일",
    "resident": "주민등록번호",
    "foreigner": "외국인등록번호",
    "passport": "여권번호",
    "driver": "운전면허번호",
    "business": "사업자등록번호",
    "corporation": "법인등록번호",
    "card": "카드번호",
    "account": "계좌번호",
    "vehicle": "차량번호",
    "insurance": "건강보험번호",
    "employee": "사번",
    "ip": "아이피주소",
    "url-user": "계정",
}
"""What stands in place of each kind of value."""

_NARROW: Final = {0xFF10 + n: 0x30 + n for n in range(10)} | {0xFF0D: 0x2D, 0xFF20: 0x40}
"""Digits, hyphen and @ of full width, as Korean keyboards give them: one character for one."""

LONGEST: Final = 1 << 20
"""Characters of a text that are looked at together: a longer one is cut at a line."""
MOST_PASSES: Final = 4
SAMPLE: Final = 120


class MaskSettings(Settings):
    """Which values go, and what takes their place."""

    kinds: tuple[str, ...] = Field(
        default=(), description=f"Kinds that are masked, of {', '.join(PLACEHOLDERS)} [all]."
    )
    names: bool = Field(default=True, description="Mask names beside a title or a label.")
    key_env: str | None = Field(
        default=None,
        description="Environment variable with a secret key: the same value has the same "
        "pseudonym in the whole corpus, instead of a number in its record.",
    )


class Mask(Step):
    """Replace personal data by placeholders.

    The same value has the same placeholder in all of a record: [전화번호1]. Counts per kind are
    reported, and the values nowhere.
    """

    name = "mask"
    about = "Replace personal data by placeholders."
    settings_type = MaskSettings
    settings: MaskSettings

    def __init__(self, settings: MaskSettings) -> None:
        super().__init__(settings)
        for kind in settings.kinds:
            if kind not in PLACEHOLDERS:
                raise InputError(f"kinds: no '{kind}'; there are {nearest(PLACEHOLDERS, kind)}")
        chosen = set(settings.kinds or PLACEHOLDERS)
        self._kinds = frozenset(chosen if settings.names else chosen - {"name"})
        self._key: bytes | None = None
        if settings.key_env is not None:
            key = os.environ.get(settings.key_env, "")
            if len(key) < 16:
                raise InputError(
                    f"key_env: the environment variable {settings.key_env} holds no key of at "
                    "least 16 characters"
                )
            self._key = key.encode()

    def identity(self) -> dict[str, Any]:
        """The settings, the key by a digest, and the version of ko-pii."""
        told = {**super().identity(), "ko-pii": version("ko-pii")}
        if self._key is not None:
            told["key"] = hmac.digest(self._key, b"leaderkit corpus mask", "sha256").hex()[:16]
        return told

    def apply(self, records: Sequence[Record], first: int) -> Batch:  # noqa: ARG002
        """Mask every text of every record."""
        batch = Batch()
        for record in records:
            given: dict[tuple[str, str], str] = {}
            masked = record.with_texts(lambda _, text: self._masked(text, given, batch))  # noqa: B023
            if masked is not record:
                batch.counts["changed"] += 1
                self._show(batch, record, masked)
            batch.kept.append(masked)
        return batch

    def _masked(self, text: str, given: dict[tuple[str, str], str], batch: Batch) -> str:
        if len(text) > LONGEST:
            cut = max(text.rfind("\n", 1, LONGEST), text.rfind(" ", 1, LONGEST)) + 1 or LONGEST
            return self._masked(text[:cut], given, batch) + self._masked(text[cut:], given, batch)
        # A placeholder may be shorter than its value, and a word that names a kind come nearer.
        for _ in range(MOST_PASSES):
            spans = [span for span in find(text) if span.kind in self._kinds]
            if not spans:
                break
            parts, end = [], 0
            for start, stop, kind in spans:
                batch.counts[kind] += 1
                parts += [text[end:start], self._placeholder(kind, text[start:stop], given)]
                end = stop
            text = "".join([*parts, text[end:]])
        return text

    def _placeholder(self, kind: str, value: str, given: dict[tuple[str, str], str]) -> str:
        plain = "".join(char for char in value.lower() if char.isalnum())
        if (kind, plain) not in given:
            if self._key is None:
                told = str(1 + sum(other == kind for other, _ in given))
            else:
                digest = hmac.digest(self._key, f"{kind}:{plain}".encode(), hashlib.sha256)
                # Letters, which no rule takes for a number.
                told = ":" + "".join(chr(97 + byte % 16) for byte in digest[:12])
            given[kind, plain] = f"[{PLACEHOLDERS[kind]}{told}]"
        return given[kind, plain]

    def _show(self, batch: Batch, old: Record, new: Record) -> None:
        """A place of the masked record: what was there before is nobody's to see.

        Nor is a value of a kind that stays.
        """
        if sum(sample.kind == "masked" for sample in batch.samples) >= MOST_SAMPLES:
            return
        for (name, before), (_, after) in zip(old.texts(), new.texts(), strict=True):
            if before != after:
                shown = _without(after)
                place = max(shown.find("[") - SAMPLE // 2, 0)
                batch.sample("masked", old.id, name, "", shown[place : place + SAMPLE])
                return


def _without(text: str) -> str:
    """``text`` without any value, whatever kinds are masked."""
    parts, end = [], 0
    for start, stop, _ in find(text[:LONGEST]):
        parts += [text[end:start], "[…]"]
        end = stop
    return "".join([*parts, text[end:LONGEST]])


def find(text: str) -> list[Span]:
    """Every value of a text in its order; where two overlap, the surer kind."""
    text = text.translate(_NARROW)
    if not any(each.MAY_HOLD.search(text) for each in (numbered, people, placed)):
        return []
    found = list(numbers(text))
    taken = bytearray(len(text))
    for span in found:
        taken[span.start : span.stop] = b"\1" * (span.stop - span.start)
    for span in (*places(text), *names(text)):
        if not any(taken[span.start : span.stop]):
            taken[span.start : span.stop] = b"\1" * (span.stop - span.start)
            found.append(span)
    return sorted(found)
