"""trl's DPO trainer, told to take our ids, in our order, and to keep to itself."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from trl import DPOTrainer

from baselines.preference.samples import PairSample
from baselines.training.order import EpochOrder

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


class PairTrainer(DPOTrainer):  # type: ignore[misc]  # untyped base
    """DPO on pairs that are token ids already.

    trl would render and tokenize by itself, and add an end of its own; the ids would then depend
    on whose rendering it is. Without ``start`` the adapter is new, and the reference is the model
    without it; with it, a frozen copy.
    """

    def __init__(self, *, order: EpochOrder, start: bool, **settings: Any) -> None:
        self._order = order
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

    def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
        return dataset

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:  # noqa: ARG002
        return self._order

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
    def log_probs(self, samples: Sequence[PairSample], batch: int) -> torch.Tensor:
        """Log-probabilities of whole answers given their prompts, in nats.

        Of shape (pairs, 2 models, 2 answers): tuned before reference, chosen before rejected.
        """
        found = []
        self.model.eval()
        rows = dataset(samples)
        for first in range(0, len(rows), batch):
            places = range(first, min(first + batch, len(rows)))
            inputs = self._prepare_inputs(self.data_collator([rows[place] for place in places]))
            with self.accelerator.autocast():
                labels = inputs["input_ids"].masked_fill(inputs["completion_mask"] == 0, -100)
                tuned = self.model(
                    input_ids=inputs["input_ids"],
                    attention_mask=inputs["attention_mask"],
                    use_cache=False,
                    labels=labels,
                    fused_lm_head=True,
                ).log_probs.sum(dim=1)
            reference = torch.cat(self.compute_ref_log_probs(self.model, inputs))
            both = torch.stack([tuned.float(), reference.float()])
            found.append(both.view(2, 2, -1).permute(2, 0, 1).cpu())
        return torch.cat(found)
