"""trl's DPO trainer, told to take our ids, in our order, and to keep to itself."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from trl import DPOTrainer

from baselines.preference.report import Separation
from baselines.preference.samples import PairSample, PairSet
from baselines.training.batches import Batch
from baselines.training.held_out_score import evaluating
from baselines.training.trainer import WholeSteps
from submission.recipes.schema import Preference

REFERENCE = "ref"
"""What trl calls the frozen copy of the adapter that tuning begins with."""


def dataset(samples: Sequence[PairSample]) -> Dataset:
    """The pairs in the columns that trl's collator reads."""
    return Dataset.from_dict(
        {
            "prompt_ids": [list(each.prompt) for each in samples],
            "chosen_ids": [list(each.chosen) for each in samples],
            "rejected_ids": [list(each.rejected) for each in samples],
        }
    )


class PairTrainer(WholeSteps, DPOTrainer):  # type: ignore[misc]  # untyped base
    """DPO on pairs that are token ids already; a step's loss is the mean over its pairs.

    trl would render and tokenize by itself, and add an end of its own; the ids would then depend
    on whose rendering it is. Without ``start`` the adapter is new, and the reference is the model
    without it; with it, a frozen copy. ``unseen`` pairs are held out.
    """

    row_is = "pair"

    def __init__(
        self, *, start: bool, preference: Preference, unseen: PairSet | None, **settings: Any
    ) -> None:
        self._preference = preference
        self._unseen = unseen
        self._reference: torch.Tensor | None = None
        model = settings["model"]
        trained = {name: each.data for name, each in model.named_parameters() if each.requires_grad}
        super().__init__(**settings)
        # Over a quantized model trl rounds them to bfloat16, where small updates would be lost.
        for name, each in self.model.named_parameters():
            if name in trained:
                each.data = trained[name]
        if not start:
            # A copy of an adapter that does nothing yet: the model without it is the same.
            self.model.delete_adapter(REFERENCE)

    def rows_in(self, batch: Batch) -> int:
        """How many pairs the batch has: its rows are their chosen answers, then the rejected."""
        return len(batch["input_ids"]) // 2

    def rows_of(self, batch: Batch, first: int, last: int) -> Batch:
        """The pairs ``first`` to ``last`` of the batch."""
        return {
            name: torch.cat([half[first:last] for half in tensor.chunk(2)])
            for name, tensor in batch.items()
        }

    def items_of(self, batch: Batch) -> int:
        """Its pairs."""
        return self.rows_in(batch)

    def compute_loss(
        self,
        model: Any,
        inputs: Batch,
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """The batch's part of the mean over the step's pairs; trl's is over the batch's own."""
        found = super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        share = self.rows_in(inputs) / num_items_in_batch
        return (found[0] * share, found[1]) if return_outputs else found * share

    def figure(self) -> float:
        """The loss of the held-out pairs."""
        return self.separation().loss

    def separation(self) -> Separation:
        """How the model as it is tells the held-out pairs apart."""
        if self._unseen is None:
            raise ValueError("there are no held-out pairs to tell apart")
        return Separation.of(
            self._log_probs(self._unseen.samples),
            beta=self._preference.beta,
            label_smoothing=self._preference.label_smoothing,
            too_long=self._unseen.too_long,
        )

    def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
        return dataset

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        super()._save(output_dir, state_dict)
        # Where a checkpoint has adapters in subfolders, transformers resumes with those alone.
        folder = Path(output_dir or self.args.output_dir)
        shutil.rmtree(folder / REFERENCE, ignore_errors=True)

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """None: a checkpoint is not published."""

    def _send_telemetry(self) -> None:
        """Nothing is told to anyone."""

    @torch.no_grad()
    def _log_probs(self, samples: Sequence[PairSample]) -> torch.Tensor:
        """Log-probabilities of whole answers given their prompts, in nats.

        Of shape (pairs, 2 models, 2 answers): tuned before reference, chosen before rejected. The
        reference stays the same, and is asked once.
        """
        with evaluating(self.model), self.compute_loss_context_manager():
            if self._reference is None:
                found = [self._before(inputs) for inputs in self._batches(samples)]
                self._reference = torch.cat(found)
            tuned = torch.cat([self._tuned(inputs) for inputs in self._batches(samples)])
        return torch.stack([tuned, self._reference], dim=1)

    def _before(self, inputs: Batch) -> torch.Tensor:
        """The reference's, of shape (pairs, 2)."""
        return torch.stack(self.compute_ref_log_probs(self.model, inputs)).float().T.cpu()

    def _tuned(self, inputs: Batch) -> torch.Tensor:
        """The tuned model's, of shape (pairs, 2)."""
        labels = inputs["input_ids"].masked_fill(inputs["completion_mask"] == 0, -100)
        answers = self.model(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            use_cache=False,
            labels=labels,
            fused_lm_head=True,
        )
        found: torch.Tensor = answers.log_probs.sum(dim=1).float().view(2, -1).T.cpu()
        return found

    def _batches(self, samples: Sequence[PairSample]) -> Iterator[Any]:
        rows = dataset(samples)
        size = self.micro_batch or self.args.per_device_train_batch_size
        for first in range(0, len(rows), size):
            places = range(first, min(first + size, len(rows)))
            yield self._prepare_inputs(self.data_collator([rows[place] for place in places]))
