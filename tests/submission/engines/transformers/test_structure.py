"""Structured output of models whose weights are random: the form holds, whatever they prefer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import ByT5Tokenizer

from submission.engines.base import Finish
from submission.engines.transformers.engine import TransformersEngine
from submission.errors import InputError
from submission.recipes import Degenerate
from submission.runs.degenerate import Given, Rules
from tests.models import gpt2
from tests.requests import flat
from tests.submission.engines.tiny import QUESTIONS, context, lively, prompts
from tests.submission.engines.transformers.test_engine import complete, texts

SLOW_MACHINE = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
ROWS = prompts(QUESTIONS)[:3]
TEXT = st.text("가나다 힣a\"'\\\n🏠", min_size=1, max_size=6)
REGEX = st.lists(
    st.sampled_from(["가", "[가-힣]{1,3}", "(나|다 )", "a?", "힣{2}", "[^가]{1,2}", "🏠", r"\."]),
    min_size=1,
    max_size=4,
).map("".join)
VALUE = st.one_of(
    st.builds(lambda most: {"type": "string", "maxLength": most}, st.integers(0, 5)),
    st.builds(lambda options: {"enum": options}, st.lists(TEXT, min_size=1, unique=True)),
    st.just({"type": "integer", "minimum": -99, "maximum": 999}),
    st.just({"type": "boolean"}),
    st.just({"type": "array", "items": {"enum": ["가", 1]}, "minItems": 1, "maxItems": 3}),
)
SCHEMA = st.dictionaries(TEXT, VALUE, min_size=1, max_size=3).map(
    lambda properties: {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
)
STRUCTURE = st.one_of(
    st.builds(lambda given: {"choice": given}, st.lists(TEXT, min_size=1, max_size=4)),
    st.builds(lambda given: {"regex": given}, REGEX),
    st.builds(lambda given: {"json": given}, SCHEMA),
)


def has(structure: dict[str, Any], text: str) -> bool:
    """Whether the text has the structure, to Python's own re and to jsonschema."""
    if "choice" in structure:
        return text in structure["choice"]
    if "regex" in structure:
        return re.fullmatch(structure["regex"], text) is not None
    try:
        jsonschema.validate(json.loads(text), structure["json"])
    except (ValueError, jsonschema.ValidationError):
        return False
    return True


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TransformersEngine]:
    """Weights as they were drawn: every token about as likely, so characters come in pieces."""
    engine = TransformersEngine(context(gpt2(tmp_path_factory.mktemp("random") / "gpt2")))
    engine.start()
    yield engine
    engine.close()


@SLOW_MACHINE
@given(structure=STRUCTURE, seed=st.integers(0, 99), tokens=st.sampled_from([3, 30, 150]))
def test_a_completion_has_the_structure_unless_it_was_cut_off(
    engine: TransformersEngine, structure: dict[str, Any], seed: int, tokens: int
) -> None:
    sampling = {"max_tokens": tokens, "temperature": 1.5, "structure": structure}
    asked = context(engine._checkpoint.model.folder, sampling=sampling)
    other = TransformersEngine(asked)
    other._model = engine._model
    rules = Rules(asked.recipe)
    rows = [replace(request, seed=seed + place) for place, request in enumerate(ROWS)]
    for completion in flat(other.complete(rows)):
        formed = has(structure, completion.text)
        assert formed or completion.finish is Finish.LENGTH
        given_ = Given.of("?", completion.text, completion.finish, asked.recipe)
        assert (Degenerate.MALFORMED in rules.kinds(given_)) is not formed


def test_rows_do_not_depend_on_their_batch(model_folder: Path) -> None:
    sampling = {"max_tokens": 40, "structure": {"regex": "[가-힣a-z]{2,9}(가|이) 옳다\\."}}
    rows = prompts(QUESTIONS)
    together = complete(model_folder, rows, sampling=sampling)
    alone = complete(model_folder, rows, sampling=sampling, engine={"batch_tokens": 1})
    assert together == alone
    assert len(set(texts(together).values())) > 1
    assert {each.finish for each in together.values()} == {Finish.STOP}


def test_a_closed_structure_ends_by_itself_and_an_open_one_where_the_model_ends_it(
    model_folder: Path,
) -> None:
    rows = prompts(QUESTIONS)
    free = complete(model_folder, rows, sampling={"max_tokens": 60})
    anything = {"max_tokens": 60, "structure": {"regex": r"(?s:.*)"}}
    assert complete(model_folder, rows, sampling=anything) == free
    one = complete(model_folder, rows, sampling={"structure": {"choice": ["정답 ①"]}})
    assert {(each.text, each.finish) for each in one.values()} == {("정답 ①", Finish.STOP)}


def test_every_end_token_of_the_model_may_end_a_completion(tmp_path: Path) -> None:
    # The model gives <unk>, which is not the tokenizer's end token, where it would give "S".
    folder = lively(gpt2(tmp_path / "gpt2"), alias={"S": "<unk>"})
    rows, anything = prompts(QUESTIONS), {"max_tokens": 60, "structure": {"regex": r"(?s:.*)"}}
    alone = complete(folder, rows, sampling=anything)
    path = folder / "generation_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), "eos_token_id": [1, 2]}))
    free = complete(folder, rows, sampling={"max_tokens": 60})
    assert complete(folder, rows, sampling=anything) == free != alone


def test_an_encoder_decoder_keeps_to_a_structure(t5_folder: Path) -> None:
    sampling = {"max_tokens": 40, "structure": {"regex": "[가-힣]{3}다"}}
    done = complete(t5_folder, prompts(QUESTIONS), sampling=sampling)
    assert all(re.fullmatch("[가-힣]{3}다", each.text) for each in done.values())


def test_a_tokenizer_that_cannot_be_masked_is_refused_before_weights_are_loaded(
    model_folder: Path,
) -> None:
    asked = context(model_folder, sampling={"structure": {"regex": "a"}})
    with pytest.raises(InputError, match=r"sampling\.structure: the tokenizer of .*ByT5Tokenizer"):
        TransformersEngine(asked, tokenizer=ByT5Tokenizer())
