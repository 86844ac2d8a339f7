"""From a run's choices to a file of pairs, chosen by a person or by a metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from baselines.preference.by_metric import metric_pairs, score_samples
from baselines.preference.candidates import Choices
from baselines.preference.journal import Journal
from baselines.preference.pairs import write_pairs
from baselines.preference.person import BY, Screen, choose, chosen_pairs
from submission.records.rows import Reference
from submission.runs.ledger import Ledger
from submission.scoring.scorer import Scorer


@dataclass(frozen=True)
class Preferred:
    """The pairs that were written, and why prompts gave none.

    ``alike``, ``ties``, ``joined``, ``unscored``, ``skipped`` and ``undecided`` count prompts,
    ``cut_off`` answers.
    """

    run: str
    file: str
    by: str
    pairs: int
    prompts: int
    alike: int
    cut_off: int
    ties: int = 0
    joined: int = 0
    unscored: int = 0
    skipped: int = 0
    undecided: int = 0

    def as_json(self) -> dict[str, Any]:
        """It as an object for JSON."""
        return asdict(self)

    def summary(self) -> str:
        """It in a line for people."""
        reasons = [
            (self.undecided, "not decided yet (the same command continues)"),
            (self.skipped, "skipped"),
            (self.ties, "ties"),
            (self.joined, "parts of a row that the reference answers as a whole"),
            (self.unscored, "with fewer than two scored answers"),
            (self.alike, "with fewer than two different answers"),
        ]
        told = [f"{count} {why}" for count, why in reasons if count]
        if self.cut_off:
            told.append(f"{self.cut_off} answers cut off by length were left out")
        more = f" {'; '.join(told)}." if told else ""
        return f"{self.file}: {self.pairs} pairs from {self.prompts} prompts.{more}"


def prefer_by_metric(
    ledger: Ledger,
    run: str,
    choices: Choices,
    scorer: Scorer,
    references: Sequence[Reference],
    spec: str,
    margin: float,
    out: Path,
) -> Preferred:
    """Write best against worst, by the metric ``spec``, where ``margin`` or more is between."""
    scores = score_samples(ledger, run, scorer, references, spec)
    made = metric_pairs(choices.choices, scores, run, margin)
    write_pairs(out, made.pairs)
    return Preferred(
        run=run,
        file=str(out),
        by=scores.signature,
        pairs=len(made.pairs),
        prompts=len(choices.choices) + choices.alike,
        alike=choices.alike,
        cut_off=choices.cut_off,
        ties=made.ties,
        joined=made.parts,
        unscored=made.unscored,
    )


def prefer_by_person(run: str, choices: Choices, screen: Screen, seed: int, out: Path) -> Preferred:
    """Ask for what is not decided, and write the pairs of everything that is.

    Decisions are kept beside ``out``, one by one.
    """
    with Journal(out.with_suffix(".decisions.jsonl")) as journal:
        choose(choices.choices, journal, screen, seed)
        decided = journal.decided
        made = list(chosen_pairs(choices.choices, decided, run))
    write_pairs(out, made)
    keys = [choice.key for choice in choices.choices]
    return Preferred(
        run=run,
        file=str(out),
        by=BY,
        pairs=len(made),
        prompts=len(keys) + choices.alike,
        alike=choices.alike,
        cut_off=choices.cut_off,
        skipped=sum(key in decided and decided[key] is None for key in keys),
        undecided=sum(key not in decided for key in keys),
    )
