"""transformers' Trainer with our order, our loss, and micro-batches that fit into memory."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from transformers import PrinterCallback, Trainer

from baselines.training.batches import Batch, Pack, rows_of
from baselines.training.checkpoints import Stopwatch
from baselines.training.evaluations import SCORE
from baselines.training.held_out_score import HeldOutScore
from baselines.training.samples import IGNORED
from submission.errors import Stopped
from submission.machine.memory import free_memory, out_of_memory
from submission.terminal.progress import Pace


class Packs(torch.utils.data.Dataset[Pack]):
    """Sequences as PyTorch wants them."""

    def __init__(self, packs: Sequence[Pack]) -> None:
        self._packs = packs

    def __len__(self) -> int:
        return len(self._packs)

    def __getitem__(self, place: int) -> Pack:
        return self._packs[place]


class WholeSteps(Trainer):  # type: ignore[misc]  # untyped base
    """A Trainer whose steps stay the same however their rows are spread over micro-batches.

    The rows come in an order of ours. The loss of a step is a mean over all of it: a batch's loss
    is given as its part of the step's, by ``items_of``. So when memory runs out, halving the
    micro-batch changes nothing else. ``micro_batch`` is then the number of rows that fitted,
    ``None`` where all did.
    """

    loss_is_scaled_for_ga = True
    row_is = "sequence"

    def __init__(
        self, *, order: Iterable[int], watch: Stopwatch, say: Callable[[str], None], **settings: Any
    ) -> None:
        self._order = order
        self._watch = watch
        self._say = say
        self._of_this_step: list[Batch] = []
        self._step_ended = True
        self._pace = Pace(0, "")
        self.micro_batch: int | None = None
        self.control: Any
        super().__init__(**settings)
        self.remove_callback(PrinterCallback)

    def rows_in(self, batch: Batch) -> int:
        """How many rows the batch has."""
        return len(batch["input_ids"])

    def rows_of(self, batch: Batch, first: int, last: int) -> Batch:
        """The rows ``first`` to ``last`` of the batch."""
        return rows_of(batch, first, last)

    def items_of(self, batch: Batch) -> int:
        """How many items of the batch the step's loss is a mean over."""
        raise NotImplementedError

    def figure(self) -> float:
        """How the model does on held-out rows."""
        raise NotImplementedError

    def get_batch_samples(self, *arguments: Any) -> Any:
        """A step's micro-batches, and how many items they have together."""
        batches, _ = super().get_batch_samples(*arguments)
        count = sum(map(self.items_of, batches))
        return batches, torch.tensor(count, device=self.args.device)

    def training_step(self, model: Any, inputs: Batch, num_items_in_batch: Any = None) -> Any:
        """Forward and backward of one micro-batch; the whole step again in halves where it fails.

        What an interrupted backward pass left in the gradients cannot be told from what belongs
        there, so the step's earlier micro-batches are computed again too.
        """
        if self._step_ended:
            self._of_this_step = []
            size = self.args.train_batch_size * self.args.gradient_accumulation_steps
            self._pace = Pace(size, f"{self.row_is}s")
        self._of_this_step.append(inputs)
        again = [inputs]
        while True:
            try:
                for batch in again:
                    loss = self._in_parts(model, batch, num_items_in_batch)
                break
            except (MemoryError, RuntimeError) as error:
                if not out_of_memory(error):
                    raise
                self._halve(self.rows_in(inputs), inputs["input_ids"].shape[-1])
            # Outside the handler, whose traceback holds on to the tensors that did not fit.
            model.zero_grad()
            free_memory()
            again = self._of_this_step
            self._pace.done = 0
        self._step_ended = self.accelerator.sync_gradients
        return loss

    def _in_parts(self, model: Any, inputs: Batch, count: Any) -> Any:
        rows = self.rows_in(inputs)
        size = self.micro_batch or rows
        losses = []
        for first in range(0, rows, size):
            part = self.rows_of(inputs, first, first + size)
            losses.append(super().training_step(model, part, count))
            self._pace.done += min(size, rows - first)
            if self._pace.due:
                self._say(f"step {self.state.global_step + 1}: {self._pace.line()}")
        return torch.stack(losses).sum()

    def _halve(self, rows: int, width: int) -> None:
        before = min(self.micro_batch or rows, rows)
        if before == 1:
            raise Stopped(
                f"Out of memory with a single {self.row_is} of {width} tokens. "
                "Lower training.max_length, set training.gradient_checkpointing=true or "
                "training.method=qlora, or use a smaller model."
            )
        self.micro_batch = -(-before // 2)
        self._say(
            f"Out of memory at {before} {self.row_is}s: {self.micro_batch} at a time from here on; "
            "steps keep their size."
        )

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Try the model on the held-out rows and log the result."""
        if self.state.global_step == 0:
            self._say("Trying the model on what is held out, before training.")
        with self._watch, self.compute_loss_context_manager():
            found = {SCORE: self.figure()}
        # trl tells by the mode what a figure is of.
        training = self.model.training
        self.model.eval()
        self.log(dict(found))
        self.model.train(training)
        on_evaluate = self.callback_handler.on_evaluate
        self.control = on_evaluate(self.args, self.state, self.control, found)
        return found

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:  # noqa: ARG002
        return self._order


class SftTrainer(WholeSteps):
    """Supervised: a step's loss is the mean over its learned tokens.

    ``tokens`` counts what was read and no padding. ``held_out`` scores the model while it is
    trained. ``keeps`` says whether the model computes logits at chosen positions alone.
    """

    def __init__(self, *, held_out: HeldOutScore | None, **settings: Any) -> None:
        self._held_out = held_out
        self.tokens = 0
        super().__init__(**settings)
        base = self.model.get_base_model() if hasattr(self.model, "peft_config") else self.model
        self.keeps = "logits_to_keep" in inspect.signature(base.forward).parameters

    def inputs_of(self, batch: Batch) -> Batch:
        """What the model is given of the batch."""
        others = {"labels"} if self.keeps else {"labels", "logits_to_keep"}
        return {name: tensor for name, tensor in batch.items() if name not in others}

    def items_of(self, batch: Batch) -> int:
        """Its learned tokens."""
        return int(batch["labels"].ne(IGNORED).sum())

    def figure(self) -> float:
        """The score of the held-out rows."""
        if self._held_out is None:
            raise ValueError("there are no held-out rows to score")
        return self._held_out(self.model)

    def get_batch_samples(self, *arguments: Any) -> Any:
        """A step's micro-batches, and how many labels they have together."""
        batches, count = super().get_batch_samples(*arguments)
        self.tokens += sum(int(batch.pop("tokens")) for batch in batches)
        return batches, count

    def compute_loss(
        self,
        model: Any,
        inputs: Batch,
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """The summed loss of the batch's labels over the number of the step's (``sum / n``)."""
        labels, places = inputs["labels"], inputs.get("logits_to_keep")
        outputs = model(**self.inputs_of(inputs))
        logits = outputs.logits if self.keeps or places is None else outputs.logits[:, places]
        loss = cross_entropy(
            logits.flatten(0, 1).float(),
            labels.flatten(),
            ignore_index=IGNORED,
            reduction="sum",
        )
        loss = loss / (num_items_in_batch or labels.ne(IGNORED).sum())
        return (loss, outputs) if return_outputs else loss
