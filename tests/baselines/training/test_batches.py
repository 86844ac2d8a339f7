"""What a model reads and learns, read off the labels; and that packing changes neither."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.training.base import Base, load
from baselines.training.batches import (
    Batch,
    collate_packed,
    collate_padded,
    collate_seq2seq,
    pack,
    rows_of,
)
from baselines.training.samples import IGNORED, Sample, SampleSet, make_samples
from baselines.training.sft import decoder_start, limits_for
from submission.errors import InputError
from submission.files.model_files import ModelFiles
from submission.prompts.encode import PromptEncoder
from submission.recipes.schema import Recipe
from submission.records.rows import TrainingRow
from tests.baselines.training.conftest import as_chat, with_training

Small = Callable[[str], ModelFiles]
CAUSAL = ["gpt2", "gemma", "gemma2", "llama"]
# What each architecture's template writes after an answer: from the published templates.
ENDS = {
    "gpt2": "</s>",
    "gemma": "<end_of_turn>\n",
    "gemma2": "<end_of_turn>\n",
    "llama": "<|eot_id|>",
    "t5": "</s>",
}


def prepared(
    small: Small, architecture: str, recipe: Recipe, rows: list[TrainingRow]
) -> tuple[Base, SampleSet]:
    if architecture not in ("gpt2", "t5"):
        recipe = as_chat(recipe)
    assert recipe.model is not None
    assert recipe.training is not None
    base = load(small(architecture), recipe.model, recipe.training)
    encoder = PromptEncoder(base.tokenizer, recipe.prompt)
    limits = limits_for(base, recipe.training)
    return base, make_samples(rows, encoder, limits, recipe.training.loss_on)


def learned(batch: Batch, row: int) -> list[int]:
    return [int(label) for label in batch["labels"][row] if label != IGNORED]


@pytest.mark.parametrize("architecture", [*CAUSAL, "t5"])
def test_the_labels_are_the_answer_and_the_end_of_its_turn_and_nothing_else(
    architecture: str, small: Small, rows: list[TrainingRow], recipe: Recipe
) -> None:
    base, made = prepared(small, architecture, recipe, rows)
    start = decoder_start(base)
    collate = collate_padded if start is None else collate_seq2seq(start)
    batch = collate([(sample,) for sample in made.samples])
    answers = [a for row in rows for _ in row.questions for a in row.answers]
    for place, answer in enumerate(answers):
        assert base.tokenizer.decode(learned(batch, place)) == answer + ENDS[architecture]
    assert int(batch["tokens"]) == sum(map(len, made.samples))


@pytest.mark.parametrize("architecture", CAUSAL)
def test_each_label_is_the_token_that_follows_the_one_whose_logits_are_compared(
    architecture: str, small: Small, rows: list[TrainingRow], recipe: Recipe
) -> None:
    _, made = prepared(small, architecture, recipe, rows)
    batch = collate_padded([(sample,) for sample in made.samples])
    for row, sample in enumerate(made.samples):
        for column, place in enumerate(batch["logits_to_keep"].tolist()):
            label = int(batch["labels"][row, column])
            if label != IGNORED:
                assert place >= sample.prompt_length - 1
                assert label == sample.ids[place + 1]


def test_a_decoder_reads_what_it_has_written_so_far_and_padding_is_not_learned(
    small: Small, rows: list[TrainingRow], recipe: Recipe
) -> None:
    base, made = prepared(small, "t5", recipe, rows)
    start = decoder_start(base)
    assert start is not None
    assert start == base.tokenizer.pad_token_id
    batch = collate_seq2seq(start)([(sample,) for sample in made.samples])
    for row, sample in enumerate(made.samples):
        length = len(sample.response)
        assert batch["decoder_input_ids"][row, 0] == start
        assert batch["decoder_input_ids"][row, 1:length].tolist() == sample.response[:-1].tolist()
        assert batch["labels"][row, :length].tolist() == sample.response.tolist()
        assert set(batch["labels"][row, length:].tolist()) <= {IGNORED}
        assert batch["attention_mask"][row].sum() == sample.prompt_length


def test_the_loss_can_be_on_the_prompt_too(
    small: Small, rows: list[TrainingRow], recipe: Recipe
) -> None:
    base, made = prepared(small, "gpt2", with_training(recipe, loss_on="all"), rows)
    batch = collate_padded([(made.samples[0],)])
    # The first token is predicted by nothing.
    assert learned(batch, 0) == made.samples[0].ids[1:].tolist()
    assert base.tokenizer.decode(made.samples[0].ids).startswith("질문:")


@pytest.mark.parametrize("architecture", CAUSAL)
def test_a_packed_sample_is_read_as_if_it_were_alone(
    architecture: str, small: Small, rows: list[TrainingRow], recipe: Recipe
) -> None:
    base, made = prepared(small, architecture, recipe, rows)
    model = base.model
    model.config.use_cache = False
    packs = pack(made.samples, 512)
    assert max(map(len, packs)) > 1
    batch = collate_packed(packs)
    batch.pop("tokens")
    labels, kept = batch.pop("labels"), batch["logits_to_keep"].tolist()
    with torch.no_grad():
        together = model(**batch).logits
        for row, samples in enumerate(packs):
            start = 0
            for sample in samples:
                ids = torch.from_numpy(sample.ids.astype(np.int64))[None]
                alone = model(input_ids=ids).logits[0]
                for column, place in enumerate(kept):
                    if start <= place < start + len(sample) and labels[row, column] != IGNORED:
                        assert labels[row, column] == sample.ids[place - start + 1]
                        torch.testing.assert_close(
                            together[row, column], alone[place - start], atol=2e-5, rtol=1e-4
                        )
                start += len(sample)
    assert int(labels.ne(IGNORED).sum()) == sum(len(sample.response) for sample in made.samples)


def sample_of(length: int) -> Sample:
    return Sample(np.arange(length, dtype=np.int32), 0, 0)


@given(st.lists(st.integers(1, 30), max_size=60), st.integers(30, 64))
@settings(max_examples=60, deadline=None)
def test_packing_keeps_every_sample_within_the_limit_in_few_sequences(
    lengths: list[int], limit: int
) -> None:
    packs = pack([sample_of(length) for length in lengths], limit)
    assert sorted(len(each) for row in packs for each in row) == sorted(lengths)
    sums = [sum(map(len, row)) for row in packs]
    assert all(0 < total <= limit for total in sums)
    # Any two sequences that could be one would have been.
    assert len(sums) < 2 or sum(sorted(sums)[:2]) > limit


def test_rows_of_a_batch_keep_what_belongs_to_all_rows(
    small: Small, rows: list[TrainingRow], recipe: Recipe
) -> None:
    _, made = prepared(small, "gpt2", recipe, rows)
    batch = collate_padded([(sample,) for sample in made.samples[:4]])
    batch.pop("tokens")
    part: dict[str, Any] = rows_of(batch, 1, 3)
    assert part["logits_to_keep"].tolist() == batch["logits_to_keep"].tolist()
    assert part["input_ids"].tolist() == batch["input_ids"][1:3].tolist()
    assert part["labels"].tolist() == batch["labels"][1:3].tolist()


@pytest.mark.parametrize(
    ("architecture", "settings_", "message"),
    [
        ("t5", {"packing": True}, "is an encoder-decoder: training.packing is for causal models"),
        ("t5", {"loss_on": "all"}, "is an encoder-decoder: training.loss_on is 'response'"),
        ("gpt2", {"source_length": 9}, "is not an encoder-decoder: set training.max_length"),
        ("gpt2", {"end_token": "<|im_end|>"}, r"the model has no token '<\|im_end\|>'"),
        ("gpt2", {"dtype": "float16"}, "float16 needs a GPU"),
    ],
)
def test_what_the_model_cannot_be_trained_with(
    architecture: str,
    settings_: dict[str, object],
    message: str,
    small: Small,
    recipe: Recipe,
) -> None:
    changed = with_training(recipe, **settings_)
    assert changed.model is not None
    assert changed.training is not None
    if settings_.get("dtype") == "float16" and torch.cuda.is_available():
        return
    with pytest.raises(InputError, match=message):
        load(small(architecture), changed.model, changed.training)
