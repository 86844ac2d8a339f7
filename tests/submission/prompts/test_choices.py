from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from submission.errors import InputError
from submission.prompts.choices import ChoiceEncoder, Choices, best
from submission.recipes.choice import Choice
from tests.models import tokenizer_with

EMBEDDED = Path(__file__).resolve().parents[3] / "data_sample" / "embedded"
LABELS = ["A", "B", "C"]
OPTIONS = ["서울", "부산시", "제주 섬"]


def encode(
    text: str, labels: list[str] = LABELS, options: list[str] = OPTIONS, **choice: Any
) -> tuple[tuple[int, ...], Choices]:
    tokenizer = choice.pop("tokenizer", None) or tokenizer_with()
    encoder = ChoiceEncoder(tokenizer, Choice.model_validate(choice), special=False)
    return encoder.choices(text, tokenizer(text)["input_ids"], labels, options)


@pytest.mark.parametrize(
    ("text", "space"),
    [
        ("답:", True),
        ("Answer:", True),
        ("정답은", True),
        ("답:\n", False),
        ("답 (", False),
        ("答：", False),
        ("<unk>", False),
    ],
)
def test_the_end_of_the_prompt_decides_on_a_space_before_the_label(text: str, space: bool) -> None:
    lead, choices = encode(text)
    assert choices.texts == tuple(f"{' ' if space else ''}{each}" for each in LABELS)
    # In a byte-level vocabulary the space is a token that all labels share: it ends the prompt.
    assert len(lead) == int(space)
    assert [len(each) for each in choices.tokens] == [1, 1, 1]


def test_the_space_can_be_set() -> None:
    assert encode("답:", leading_space="no")[1].texts == ("A", "B", "C")
    assert encode("답:\n", leading_space="yes")[1].texts == (" A", " B", " C")


def test_a_prompt_whose_end_joins_the_label_is_refused() -> None:
    tokenizer = AutoTokenizer.from_pretrained(EMBEDDED)
    with pytest.raises(InputError, match=r"ends with .*변: '.*End the prompt without white space"):
        encode("답변: ", ["1", "2"], ["가", "나"], tokenizer=tokenizer)
    lead, choices = encode("답변:", ["1", "2"], ["가", "나"], tokenizer=tokenizer)
    assert (lead, [len(each) for each in choices.tokens]) == ((), [1, 1])


def test_a_label_that_begins_another_is_refused() -> None:
    with pytest.raises(InputError, match=r"'10' begins with the tokens of '1'"):
        encode("답:", ["1", "2", "10"])
    # As whole options they can be told apart by a normalization.
    encode("답:", ["1", "2", "10"], ["1", "2", "10"], method="options", normalize="token")


def test_labels_of_the_same_tokens_are_refused() -> None:
    with pytest.raises(InputError, match="two of the labels are the same tokens"):
        encode("답:", ["A", "A ", "B"])


@pytest.mark.parametrize("normalize", ["sum", "token", "character", "pmi"])
def test_equal_options_are_equally_likely_and_the_first_one_is_chosen(normalize: str) -> None:
    options = ["부산", "서울", "서울 "]
    _, choices = encode("답:", LABELS, options, method="options", normalize=normalize)
    prior = (-3.0, -4.0, -4.0001) if normalize == "pmi" else ()
    found = choices.normalized([-9.0, -2.0, -1.9999], prior)
    assert found["B"] == found["C"] > found["A"]
    assert best(found) == "B"


@pytest.mark.parametrize(
    ("normalize", "lengths"),
    [("sum", ()), ("character", (2, 3, 4)), ("byte", (6, 9, 10)), ("token", (7, 10, 11))],
)
def test_lengths_are_those_of_the_option_and_its_tokens_have_the_space(
    normalize: str, lengths: tuple[int, ...]
) -> None:
    _, choices = encode("답:", method="options", normalize=normalize)
    assert choices.lengths == lengths
    assert [len(each) for each in choices.tokens] == [7, 10, 11]


def test_normalized_divides_and_subtracts() -> None:
    choices = Choices(("A", "B"), ("x", "yy"), ((1,), (2, 2)), lengths=(1, 2))
    assert choices.normalized([-1.0, -3.0]) == {"A": -1.0, "B": -1.5}
    pmi = Choices(("A", "B"), ("x", "yy"), ((1,), (2, 2)), unconditional=(5,))
    assert pmi.normalized([-1.0, -3.0], [-0.5, -4.0]) == {"A": -0.5, "B": 1.0}


def test_the_first_of_equal_options_is_the_best() -> None:
    assert best({"B": -1.0, "A": -1.0, "C": -2.0}) == "B"
