"""What a merge did, and how near its result is to base plus adapters."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from submission.adapters.greedy import Sameness
from submission.adapters.parity import Parity

DType = Literal["float32", "bfloat16", "float16"]
Onto = Literal["full", "quantized"]


@dataclass(frozen=True)
class MergedAdapter:
    """One of the adapters; ``trained_on_4bit`` says how its base was held, if it was."""

    name: str
    weight: float
    rank: int
    alpha: float
    targets: tuple[str, ...]
    trained_on_4bit: str | None


@dataclass(frozen=True)
class AnswerCheck:
    """The merged folder's greedy answers by one engine against those of base plus adapters.

    ``sameness`` is None where the engine could not be asked; ``not_asked`` says why.
    """

    engine: str
    sameness: Sameness | None
    not_asked: str = ""


@dataclass(frozen=True)
class MergeReport:
    """What was merged, and how near the result is to base plus adapters.

    ``merged`` compares the merged weights in memory (float32), ``written`` the folder as read
    again from disk (in ``dtype``); ``as_trained``, where a training saw a 4-bit base and the
    full one was merged into, compares the merged weights with that 4-bit base plus adapters.
    Differences are absolute, of logits. ``allowed_merged`` is for ``merged`` and ``allowed`` for
    ``written``; the latter is None where it was not asked for, and then only what is not finite
    fails. Answers may part where two logits are ``allowed_gap`` apart.
    """

    base: str
    adapters: tuple[MergedAdapter, ...]
    out: str
    dtype: DType
    onto: Onto
    tokenizer: Literal["adapter", "base"]
    positions: int
    logits_low: float
    logits_high: float
    merged: Parity
    written: Parity
    as_trained: Parity | None
    answers: tuple[AnswerCheck, ...]
    allowed_merged: float
    allowed: float | None
    warnings: tuple[str, ...]
    seconds: float

    @property
    def allowed_gap(self) -> float | None:
        """Twice ``allowed``: each of the two logits may have moved by that, towards the other."""
        return None if self.allowed is None else 2 * self.allowed

    def as_json(self) -> dict[str, Any]:
        """The report as an object for JSON."""
        more = {"allowed_gap": self.allowed_gap, "failures": list(self.failures())}
        return {**asdict(self), **more}

    def failures(self) -> Iterator[str]:
        """What differs more than is allowed, in words."""
        if self.merged.difference > self.allowed_merged:
            yield (
                f"the merged model is not base plus adapter: its logits differ by "
                f"{self.merged.difference:.2g} where {self.allowed_merged:.2g} is allowed"
            )
        if not math.isfinite(self.written.difference):
            yield (
                f"what was written ({self.dtype}) gives logits that are not finite; merge with "
                "--dtype bfloat16 or float32"
            )
            return
        if self.allowed is None or self.allowed_gap is None:
            return
        if self.written.difference > self.allowed:
            yield (
                f"what was written ({self.dtype}) differs by {self.written.difference:.2g} where "
                f"{self.allowed:.2g} is allowed"
            )
        for check in self.answers:
            if check.sameness is not None and check.sameness.widest_gap > self.allowed_gap:
                yield (
                    f"{check.engine} answers differently where the two best logits are "
                    f"{check.sameness.widest_gap:.2g} apart, more than {self.allowed_gap:.2g} "
                    f"(twice the {self.allowed:.2g} that a logit may differ)"
                )

    def summary(self) -> str:
        """The report in two lines for people."""
        names = " + ".join(
            each.name if each.weight == 1.0 else f"{each.weight:g} x {each.name}"
            for each in self.adapters
        )
        return (
            f"{self.out}: {self.base} + {names}, {self.dtype}.\n"
            f"Largest difference of a logit (they run from {self.logits_low:.1f} to "
            f"{self.logits_high:.1f}): {self.merged.difference:.2g} merged in memory, "
            f"{self.written.difference:.2g} read again from disk; the same greedy next token on "
            f"{self.written.agreeing} of {self.written.prompts} prompts."
        )

    def rows(self) -> list[tuple[str, ...]]:
        """The comparisons as a table's rows, under :data:`HEADERS`."""
        kind = "4-bit base" if self.onto == "quantized" else "base"
        rows = [
            _row(
                f"merged in memory, {kind} + adapter",
                self.merged,
                self.allowed_merged,
                "sums in another order",
            ),
            _row(
                "read again from disk",
                self.written,
                self.allowed,
                "sums in another order"
                if self.dtype == "float32"
                else f"weights and sums rounded to {self.dtype}",
            ),
        ]
        if self.as_trained is not None:
            rows.append(
                _row(
                    "merged in memory, 4-bit base + adapter",
                    self.as_trained,
                    None,
                    "the adapter learned to correct 4-bit weights; --onto quantized merges "
                    "into those",
                )
            )
        return [*rows, *(self._answer_row(check) for check in self.answers)]

    def _answer_row(self, check: AnswerCheck) -> tuple[str, ...]:
        allowed = "" if self.allowed_gap is None else f"{self.allowed_gap:.2g}"
        if check.sameness is None:
            return (f"answers by {check.engine}", "", allowed, "not asked", check.not_asked)
        same = check.sameness
        why = (
            ""
            if same.same == same.answers
            else f"where they differ, the two best logits are at most {same.widest_gap:.2g} apart"
        )
        return (
            f"answers by {check.engine}",
            "",
            allowed,
            f"{same.same} of {same.answers}",
            why,
        )


HEADERS = ("compared", "difference", "allowed", "same", "because")


def _row(what: str, parity: Parity, allowed: float | None, why: str) -> tuple[str, ...]:
    return (
        what,
        f"{parity.difference:.2g}",
        "" if allowed is None else f"{allowed:.2g}",
        f"next token {parity.agreeing} of {parity.prompts}",
        why if parity.difference else "",
    )
