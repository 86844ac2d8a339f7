"""Whether a changed text means the same, by how likely a model finds the answer behind it."""

from __future__ import annotations

from typing import Any

from submission.adapters.load import context_length, load_base, load_tokenizer
from submission.files.model_files import locate_model


class AnswerLoss:
    """A causal language model's mean loss of an answer's tokens behind a text."""

    def __init__(self, name: str) -> None:
        import torch

        folder = locate_model(name).folder
        self._torch = torch
        self._tokenizer = load_tokenizer(folder)
        device = "cuda" if torch.cuda.is_available() else "cpu"
        self._model: Any = load_base(folder, torch.float32).to(device).eval()
        self._longest = context_length(self._model.config)
        self._known: tuple[tuple[str, str], float | None] | None = None

    def rise(self, before: str, after: str, answer: str) -> float | None:
        """By how much the loss is higher behind ``after``; None where the texts are too long."""
        if self._known is None or self._known[0] != (before, answer):
            self._known = (before, answer), self.loss(before, answer)
        old, new = self._known[1], self.loss(after, answer)
        return None if old is None or new is None else new - old

    def loss(self, text: str, answer: str) -> float | None:
        """In nats a token; None where both are longer than the model's context, or empty."""
        prompt, response = (
            self._tokenizer(each, add_special_tokens=False)["input_ids"]
            for each in (f"{text}\n", answer)
        )
        ids = [*prompt, *response]
        if not response or (self._longest is not None and len(ids) > self._longest):
            return None
        inputs = self._torch.tensor([ids], device=self._model.device)
        with self._torch.inference_mode():
            logits = self._model(inputs).logits[0, len(prompt) - 1 : -1].float()
        targets = inputs[0, len(prompt) :]
        return float(self._torch.nn.functional.cross_entropy(logits, targets))
