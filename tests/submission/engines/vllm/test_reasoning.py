"""The tags of vLLM's reasoning parsers; no engine is started."""

from __future__ import annotations

import pytest

from submission.engines.vllm.reasoning import parser_tags
from submission.errors import InputError
from submission.machine.hardware import vllm_version
from submission.recipes.thinking import KNOWN_TAGS
from tests.models import tokenizer_with

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(vllm_version() is None, reason="vLLM is not installed"),
]


@pytest.mark.parametrize("name", ["deepseek_r1", "qwen3", "glm45", "seed_oss", "cohere_command3"])
def test_a_parser_has_the_tags_that_are_known(name: str) -> None:
    tokenizer = tokenizer_with(special=[text for tags in KNOWN_TAGS for text in tags[:2]])
    assert parser_tags(name, tokenizer) in KNOWN_TAGS


def test_what_cannot_be_used_is_one_message() -> None:
    with pytest.raises(InputError, match=r"thinking\.parser: vLLM has no 'qwen33'; .*qwen3"):
        parser_tags("qwen33", tokenizer_with())
    with pytest.raises(InputError, match=r"'deepseek_r1' does not fit the tokenizer: .*locate"):
        parser_tags("deepseek_r1", tokenizer_with())
    with pytest.raises(InputError, match=r"'openai_gptoss' has no pair of tags"):
        parser_tags("openai_gptoss", tokenizer_with())
