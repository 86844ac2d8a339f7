"""A cell's training and merging, done once for whatever must give the same weights."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from baselines.grid.journal import Journal, Taken
from baselines.grid.memory import PeakMemory
from baselines.study.plan import training_of
from baselines.training.frame import unread
from baselines.training.held_out import HeldOut
from baselines.training.report import TrainingReport
from submission.adapters.merge import REPORT
from submission.files.digest import digest, folder_digest
from submission.files.model_files import ModelFiles, read_json
from submission.machine.memory import free_memory
from submission.recipes.schema import Recipe
from submission.records.rows import TrainingRow

Say = Callable[[str], None]
DIGITS = 12


@dataclass(frozen=True)
class Base:
    """The model that is tuned: its files, and what they hash to."""

    files: ModelFiles
    sha256: str

    @classmethod
    def of(cls, files: ModelFiles, hash_file: Callable[[Path], str]) -> Base:
        """The base in ``files``."""
        return cls(files, folder_digest(files.folder, hash_file))


@dataclass(frozen=True)
class Material:
    """What a cell is trained on: its share of the rows, and those held out."""

    rows: Sequence[TrainingRow]
    held_out: HeldOut | None


class Tuned:
    """The folder of one training, named by all that its weights depend on.

    The same settings, prompt, rows, base and seed are the same folder, whichever study or task
    asks for it; anything else is another one, so that nothing finished is ever mistaken.
    """

    def __init__(
        self, out: Path, recipe: Recipe, material: Material, base: Base, *, merge: bool
    ) -> None:
        self._recipe, self._material, self._base = recipe, material, base
        training = training_of(recipe)
        self.method = training.method
        self.size = min(training.rows or len(material.rows), len(material.rows))
        self.rank = None if self.method == "full" else training.lora.rank
        rank = "" if self.rank is None else f"-r{self.rank}"
        key = _key(recipe, material, base)
        self.folder = (out / f"{self.method}-{self.size}{rank}-{key[:DIGITS]}").resolve()
        self._merge = merge and self.method != "full"

    @property
    def trained(self) -> Path:
        """Where training leaves the model or the adapter."""
        return self.folder / ("model" if self.method == "full" else "adapter")

    @property
    def merged(self) -> Path | None:
        """Where the merged model is; None where nothing is merged."""
        return self.folder / "merged" if self._merge else None

    @property
    def report(self) -> TrainingReport | None:
        """What training said of itself, once it has ended."""
        return TrainingReport.read(self.trained)

    @property
    def merge_report(self) -> dict[str, Any] | None:
        """What merging said of itself, once it has ended."""
        if self.merged is None or not (self.merged / REPORT).is_file():
            return None
        return read_json(self.merged / REPORT)

    def answering(self, recipe: Recipe) -> Recipe:
        """``recipe`` with the tuned model in place of its base."""
        if recipe.model is None:
            raise ValueError(
                f"recipe '{recipe.name}' has no model to put the tuned one in place of"
            )
        if self.method == "full" or self.merged is not None:
            changed = {"name": str(self.merged or self.trained)}
        else:
            changed = {"adapter": str(self.trained)}
        return recipe.model_copy(update={"model": recipe.model.model_copy(update=changed)})

    def make(self, texts: Sequence[str], journal: Journal, say: Say) -> None:
        """Train and merge what is not there yet; a training that was stopped goes on.

        ``texts`` are prompts to compare the merged model on. Raises what training and merging do.
        """
        if self.report is None:
            self._train(journal, say)
        if self.merged is not None and self.merge_report is None:
            from submission.adapters import Weighted, merge

            merge(
                self._base.files,
                [Weighted(ModelFiles(self.folder.name, self.trained))],
                self.merged,
                texts,
                dtype=training_of(self._recipe).dtype,
                say=say,
            )

    def _train(self, journal: Journal, say: Say) -> None:
        from baselines.training.sft import train

        try:
            with PeakMemory() as peak:
                report = train(
                    self._recipe,
                    self._material.rows,
                    self.trained,
                    base=self._base.files,
                    held_out=self._material.held_out,
                    resume=True,
                    say=say,
                )
        finally:
            free_memory()
        journal.note(self.folder.name, Taken.of(peak))
        say(report.summary())


def _key(recipe: Recipe, material: Material, base: Base) -> str:
    training = training_of(recipe)
    ignored = {"report_to", *unread(training)}
    ignored |= {"evaluation"} if material.held_out is None else set()
    kept = recipe.model_dump_json(include={"model": {"tokenizer", "kind"}, "prompt": True})
    rows = json.dumps(
        [asdict(row) for row in material.rows], ensure_ascii=False, sort_keys=True, default=dict
    )
    parts = [kept, training.model_dump_json(exclude=ignored), rows, base.sha256]
    if material.held_out is not None:
        parts.append(material.held_out.digest(recipe, training.evaluation.metric))
    return digest(parts)
