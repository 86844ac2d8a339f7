"""Thinking apart from the answer, with a model that has learned both by heart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from submission.engines.base import Completion, Finish
from submission.engines.transformers.engine import TransformersEngine
from submission.errors import InputError
from tests.models import THINKER_TEMPLATE
from tests.requests import ask
from tests.submission.engines.tiny import context
from tests.submission.engines.transformers.test_engine import by_key

CHAT = {"chat": True}


def answers(
    model: Path,
    questions: str = "가나다라",
    *,
    prompt: dict[str, Any] = CHAT,
    thinking: dict[str, Any] | None = None,
    **sampling: Any,
) -> dict[str, Completion]:
    """What the model answers each letter of ``questions``."""
    told = context(
        model,
        prompt=prompt,
        thinking=thinking or {},
        sampling={"max_tokens": 60, **sampling},
    )
    engine = TransformersEngine(told)
    requests = [
        ask(each, each, engine.prompt(ask(each, each, ()).question, each)) for each in questions
    ]
    engine.start()
    return by_key(engine.complete(requests))


def test_the_thinking_is_no_part_of_the_answer(thinking_model: Path) -> None:
    done = answers(thinking_model)
    assert (done["가"].thinking, done["가"].text) == ("하늘. 그래서", "파랑.")
    assert (done["다"].thinking, done["다"].text) == ("", "빨강. 끝")
    assert {done[each].finish for each in "가다"} == {Finish.STOP}


def test_thinking_without_an_end_has_no_answer(thinking_model: Path) -> None:
    done = answers(thinking_model)
    assert done["나"].thinking.startswith("음 음")
    assert done["라"].thinking == "모름"
    for unfinished in (done["나"], done["라"]):
        assert (unfinished.text, unfinished.finish) == ("", Finish.THINKING)
    assert done["나"].completion_tokens == 60


@pytest.mark.parametrize("stop", [[".", "그래서"], ["</think>", "."]])
def test_stops_mean_nothing_within_the_thinking(thinking_model: Path, stop: list[str]) -> None:
    done = answers(thinking_model, "가다", stop=stop)
    assert (done["가"].thinking, done["가"].text) == ("하늘. 그래서", "파랑")
    assert done["다"].text == "빨강"


def test_a_prompt_may_begin_the_thinking(thinking_model: Path) -> None:
    template = THINKER_TEMPLATE.replace(
        "{% endif %}{% endif %}", "{% else %}<think>\n{% endif %}{% endif %}"
    )
    begun = answers(thinking_model, prompt={"chat": True, "chat_template": template})
    free = answers(thinking_model)
    for each in "가라":
        assert (begun[each].thinking, begun[each].text) == (free[each].thinking, free[each].text)
    assert (begun["나"].text, begun["나"].finish) == ("", Finish.THINKING)


def test_a_prompt_that_ends_the_thinking_is_refused(thinking_model: Path) -> None:
    template = THINKER_TEMPLATE.replace("enable_thinking is false", "not enable_thinking")
    given = {"enable_thinking": 0}
    prompt = {"chat": True, "chat_template": template, "chat_template_kwargs": given}
    with pytest.raises(InputError, match=r"^Question '가': thinking: the prompt ends with '</thin"):
        answers(thinking_model, "가", prompt=prompt)


@pytest.mark.parametrize("begun", [True, False])
def test_a_budget_forces_the_end_of_the_thinking(thinking_model: Path, begun: bool) -> None:
    template = THINKER_TEMPLATE
    if begun:
        template += "{% if add_generation_prompt %}<think>\n{% endif %}"
    prompt = {"chat": True, "chat_template": template}
    done = answers(thinking_model, "가나", prompt=prompt, thinking={"budget": 8})
    # A token is a byte here, the line break after the tag included.
    assert {key: each.thinking for key, each in done.items()} == {"가": "하늘.", "나": "음 음"}
    assert done["나"].text
    roomy = answers(thinking_model, "가다", thinking={"budget": 50})
    assert roomy == answers(thinking_model, "가다")


@pytest.mark.parametrize("thinking", [{}, {"open": "<think>", "close": "서\n"}])
@pytest.mark.parametrize(
    "structure",
    [{"choice": ["파란색", "노란색"]}, {"regex": "[파빨]란색"}, {"json": {"enum": ["파란색"]}}],
)
def test_a_structure_waits_for_the_end_of_the_thinking(
    thinking_model: Path, thinking: dict[str, Any], structure: dict[str, Any]
) -> None:
    done = answers(thinking_model, "가", thinking=thinking, structure=structure, stop=["<unk>"])
    assert done["가"].thinking.startswith("하늘. 그래")
    assert done["가"].text.strip('"') in {"파란색", "노란색", "빨란색"}
    assert done["가"].finish is Finish.STOP


def test_a_budget_ends_the_thinking_before_a_structure(thinking_model: Path) -> None:
    structure = {"choice": ["예", "아니요"]}
    done = answers(thinking_model, "가나", thinking={"budget": 8}, structure=structure)
    assert {each.thinking for each in done.values()} == {"하늘.", "음 음"}
    assert {each.text for each in done.values()} <= {"예", "아니요"}


def test_a_line_break_as_a_stop_leaves_the_answer(thinking_model: Path) -> None:
    assert answers(thinking_model, "가", stop=["\n"])["가"].text == "파랑."


def test_tags_may_be_any_texts(thinking_model: Path) -> None:
    done = answers(thinking_model, "다", thinking={"open": "빨", "close": ". "})
    assert (done["다"].thinking, done["다"].text) == ("강", "끝")


def test_a_model_without_tags_needs_them_named(model_folder: Path) -> None:
    with pytest.raises(InputError, match=r"thinking\.open and thinking\.close"):
        answers(model_folder, "가", prompt={})
