from __future__ import annotations

from typing import Any

import pytest

from baselines.training.batches import collate_padded
from baselines.training.order import EpochOrder
from baselines.training.samples import IGNORED, Limits, make_samples
from submission.adapters.load import load_tokenizer
from submission.errors import InputError
from submission.files.model_files import ModelFiles
from submission.prompts.encode import PromptEncoder
from submission.recipes.schema import Prompt, Recipe
from submission.records.rows import TrainingRow


@pytest.fixture
def tokenizer(base: ModelFiles) -> Any:
    return load_tokenizer(base.folder)


def test_every_phrasing_meets_every_answer(
    rows: list[TrainingRow], recipe: Recipe, tokenizer: Any
) -> None:
    made = make_samples(rows, PromptEncoder(tokenizer, recipe.prompt), 512)
    assert [tokenizer.decode(each.ids) for each in made.samples] == [
        f"질문: {question}\n답변:\n{answer}</s>"
        for row in rows
        for question in row.questions
        for answer in row.answers
    ]
    assert made.too_long == 0


def test_only_the_answer_and_its_end_are_learned(
    rows: list[TrainingRow], recipe: Recipe, tokenizer: Any
) -> None:
    sample = make_samples(rows, PromptEncoder(tokenizer, recipe.prompt), 512).samples[0]
    learned = [int(label) for label in sample.labels if label != IGNORED]
    assert tokenizer.decode(learned) == "질기고 잘 닦입니다.</s>"
    assert learned[-1] == tokenizer.eos_token_id
    assert list(sample.labels[: sample.prompt_length]) == [IGNORED] * sample.prompt_length


@pytest.mark.parametrize("chat", [False, True])
def test_a_sample_begins_with_the_very_ids_of_inference(
    chat: bool, rows: list[TrainingRow], tokenizer: Any
) -> None:
    prompt = Prompt(
        template="{{ row['id'] }} {{ question }} {{ context }}\n", chat=chat, system="답하세요."
    )
    if chat:
        tokenizer.chat_template = (
            "{% for m in messages %}[{{ m.role }}]{{ m.content }}"
            "{% if m.role == 'assistant' %}</s>{% endif %}\n{% endfor %}"
            "{% if add_generation_prompt %}[assistant]{% endif %}"
        )
    encoder = PromptEncoder(tokenizer, prompt)
    made = iter(make_samples(rows, encoder, 512).samples)
    for row in rows:
        for question in row.questions:
            for _ in row.answers:
                sample = next(made)
                inference = encoder.prompt_ids(question, row.context, row.row)
                assert sample.ids[: sample.prompt_length].tolist() == inference


def test_what_is_too_long_is_counted_and_never_cut(
    rows: list[TrainingRow], recipe: Recipe, tokenizer: Any
) -> None:
    encoder = PromptEncoder(tokenizer, recipe.prompt)
    whole = make_samples(rows, encoder, 512)
    limit = sorted(map(len, whole.samples))[5]
    some = make_samples(rows, encoder, limit)
    assert some.too_long == sum(len(each) > limit for each in whole.samples) > 0
    assert some.longest[0] == max(map(len, whole.samples))
    assert all(int(each.ids[-1]) == tokenizer.eos_token_id for each in some.samples)


def test_prompts_and_responses_have_limits_of_their_own(
    rows: list[TrainingRow], recipe: Recipe, tokenizer: Any
) -> None:
    encoder = PromptEncoder(tokenizer, recipe.prompt)
    whole = make_samples(rows, encoder, 512).samples
    prompt = sorted(each.prompt_length for each in whole)[6]
    response = sorted(len(each.response) for each in whole)[6]
    some = make_samples(rows, encoder, Limits(None, prompt, response))
    fitting = [e for e in whole if e.prompt_length <= prompt and len(e.response) <= response]
    assert [each.ids.tolist() for each in some.samples] == [each.ids.tolist() for each in fitting]
    said: list[str] = []
    some.tell(said.append)
    assert f"at most {prompt} of prompt and {response} of response tokens each" in said[0]
    assert f"Warning: {10 - len(fitting)} of 10 samples are longer" in said[1]


def test_refuses_when_nothing_fits(rows: list[TrainingRow], recipe: Recipe, tokenizer: Any) -> None:
    with pytest.raises(InputError, match="None of the 10 training samples has at most 8 tokens"):
        make_samples(rows, PromptEncoder(tokenizer, recipe.prompt), 8)
    with pytest.raises(InputError, match="no training rows"):
        make_samples([], PromptEncoder(tokenizer, recipe.prompt), 8)


def test_padding_is_neither_read_nor_learned(
    rows: list[TrainingRow], recipe: Recipe, tokenizer: Any
) -> None:
    samples = make_samples(rows, PromptEncoder(tokenizer, recipe.prompt), 512).samples
    batch = collate_padded([(sample,) for sample in samples])
    kept = batch["logits_to_keep"].tolist()
    for row, sample in enumerate(samples):
        read = batch["attention_mask"][row].tolist()
        assert read == [int(place < len(sample)) for place in range(len(read))]
        past = [column for column, place in enumerate(kept) if place >= len(sample) - 1]
        assert set(batch["labels"][row, past].tolist()) <= {IGNORED}


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    lengths = [(7 * place) % 50 for place in range(203)]

    def epoch(number: int, seed: int = 1) -> list[int]:
        order = EpochOrder(lengths, 8, seed)
        order.set_epoch(number)
        return list(order)

    assert epoch(0) == epoch(0)
    assert epoch(0) != epoch(1)
    assert epoch(0) != epoch(0, seed=2)
    assert sorted(epoch(3)) == list(range(203))


def test_neighbours_are_of_like_length() -> None:
    lengths = [(7 * place) % 50 for place in range(256)]
    places = list(EpochOrder(lengths, 8, 0))
    spreads = [
        max(batch) - min(batch)
        for start in range(0, 256, 8)
        if (batch := [lengths[place] for place in places[start : start + 8]])
    ]
    assert max(spreads) < 10


def test_a_token_without_an_embedding_is_named_with_its_row(
    rows: list[TrainingRow], recipe: Recipe, tokenizer: Any
) -> None:
    known = len(tokenizer)
    tokenizer.add_tokens(["질기고"])
    encoder = PromptEncoder(tokenizer, recipe.prompt)
    named = rf"Training row '{rows[0].id}': .*'질기고' \(id {known}\).*model\.tokenizer"
    with pytest.raises(InputError, match=named):
        make_samples(rows, encoder, 512, embeddings=known)
    assert make_samples(rows, encoder, 512, embeddings=known + 1).samples
