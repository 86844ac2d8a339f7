"""What is asked, and how what comes back is read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submission.engines.account import Usage
from submission.engines.base import EngineContext, Finish
from submission.engines.openai.engine import OpenAIEngine
from submission.engines.openai.form import Form
from submission.engines.openai.reply import Kind, Reply, read_reply, read_usage
from submission.errors import InputError
from submission.generation.plan import plan_prompts
from submission.recipes import Recipe
from submission.recipes.openai import OpenAI
from submission.recipes.thinking import Thinking
from submission.records.rows import Question
from tests.requests import ask

QUESTION = Question("1", "하늘은?", "파랗다.", {"id": "1"})
EXTENSIONS = [
    "add_special_tokens", "chat_template_kwargs", "continue_final_message", "repetition_penalty",
    "structured_outputs", "thinking_token_budget", "top_k",
]  # fmt: skip


def recipe(**tables: Any) -> Recipe:
    return Recipe.model_validate({"name": "r", "model": {"name": "m"}, **tables})


def body(settings: dict[str, Any] | None = None, *, official: bool = False, **tables: Any) -> Any:
    made = recipe(**tables)
    form = Form(made, OpenAI(**(settings or {})), "m", official=official)
    return form.body(ask("1", QUESTION.text, seed=7))


CHAT = {"chat": True}
GREEDY = {"model": "m", "max_tokens": 256, "temperature": 0.0}


def test_a_chat_is_sent_as_messages() -> None:
    assert body(prompt={"chat": True, "system": "짧게.", "template": "질문: {{ question }}"}) == {
        **GREEDY,
        "messages": [
            {"role": "system", "content": "짧게."},
            {"role": "user", "content": "질문: 하늘은?"},
        ],
    }
    folded = body(prompt={"chat": True, "system": "짧게.", "fold_system": True})
    assert folded["messages"] == [{"role": "user", "content": "짧게.\n\n하늘은?"}]


def test_any_other_prompt_is_sent_as_its_text() -> None:
    assert body(prompt={"template": "{{ question }}\n답:"}) == {**GREEDY, "prompt": "하늘은?\n답:"}


def test_openais_own_chats_have_the_name_of_today_for_the_length() -> None:
    assert body(prompt=CHAT, official=True)["max_completion_tokens"] == 256
    assert body(official=True)["max_tokens"] == 256
    named = {"length_parameter": "max_completion_tokens"}
    assert "max_tokens" not in body(named, prompt=CHAT)


@pytest.mark.parametrize(
    ("tables", "sent"),
    [
        (
            {"sampling": {"temperature": 0.5, "top_p": 0.9, "top_k": 3}},
            {"temperature": 0.5, "top_p": 0.9, "top_k": 3, "seed": 7},
        ),
        ({"sampling": {"temperature": 0.5, "top_k": 1}}, {"temperature": 0.0}),
        ({"sampling": {"stop": ["\n"]}}, {"stop": ["\n"]}),
        ({"sampling": {"repetition_penalty": 1.2}}, {"repetition_penalty": 1.2}),
        ({"prompt": {"special_tokens": False}}, {"add_special_tokens": False}),
        (
            {"prompt": {**CHAT, "chat_template_kwargs": {"enable_thinking": False}}},
            {"chat_template_kwargs": {"enable_thinking": False}},
        ),
        (
            {"sampling": {"structure": {"choice": ["예", "아니요"]}}},
            {"structured_outputs": {"choice": ["예", "아니요"]}},
        ),
        (
            {"prompt": CHAT, "thinking": {"budget": 99}, "sampling": {"stop": ["\n"]}},
            {"thinking_token_budget": 99},
        ),
    ],
)
def test_sampling_and_what_only_some_servers_take(
    tables: dict[str, Any], sent: dict[str, Any]
) -> None:
    plain = body(prompt=(tables.get("prompt", {}).get("chat", False) and CHAT) or {})
    found = body({"extensions": EXTENSIONS}, **tables)
    assert {key: each for key, each in found.items() if plain.get(key) != each} == {
        key: each for key, each in sent.items() if plain.get(key) != each
    }


def test_a_schema_is_sent_in_openais_own_way() -> None:
    schema = {"type": "object", "properties": {"답": {"type": "string"}}, "required": ["답"]}
    found = body(prompt=CHAT, sampling={"structure": {"json": schema}})["response_format"]
    assert found["type"] == "json_schema"
    assert found["json_schema"] == {"name": "answer", "strict": True, "schema": schema}


def test_a_prefill_goes_on_with_the_assistants_turn() -> None:
    found = body({"extensions": EXTENSIONS}, prompt={**CHAT, "prefill": "답: "})
    assert found["messages"][-1] == {"role": "assistant", "content": "답: "}
    assert (found["continue_final_message"], found["add_generation_prompt"]) == (True, False)


def test_a_prompt_that_renders_to_nothing_is_named_by_its_row() -> None:
    with pytest.raises(InputError, match="Question '1': the prompt template renders to an empty"):
        body(prompt={"template": "{{ context }}"})


def keys(**openai: Any) -> list[str]:
    settings = {"base_url": "http://one/v1", "extensions": EXTENSIONS, **openai}
    made = recipe(engine={"name": "openai", "openai": settings}, prompt=CHAT)
    return [*plan_prompts(made, OpenAIEngine(EngineContext(made)), [QUESTION]).requests]


def test_row_keys_tell_servers_and_bodies_apart_and_not_how_they_are_asked() -> None:
    same: list[dict[str, Any]] = [
        {}, {"timeout": 1.0}, {"deadline": 9.0}, {"connections": 3}, {"key": "OTHER_KEY"},
        {"prices": {"input": 1, "output": 1}}, {"extensions": []},
    ]  # fmt: skip
    assert len({tuple(keys(**each)) for each in same}) == 1
    others: list[dict[str, Any]] = [
        {"base_url": "http://two/v1"},
        {"extra": {"reasoning_effort": "low"}},
    ]
    assert len({tuple(keys(**each)) for each in [{}, *others]}) == 3


def test_a_recipe_without_the_table_is_kept_as_before() -> None:
    assert "openai" not in recipe().model_dump()["engine"]


def reply(
    choice: dict[str, Any],
    usage: object = None,
    thinking: Thinking | None = None,
    stops: tuple[str, ...] = (),
) -> Reply:
    made = {"choices": [choice]} | ({"usage": usage} if usage is not None else {})
    return read_reply("k", json.dumps(made).encode(), thinking, stops)


def said(text: str | None, finish: str = "stop", **more: Any) -> dict[str, Any]:
    return {"finish_reason": finish, "message": {"content": text, **more}}


USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}


def test_a_reply_is_read_with_its_tokens() -> None:
    details = {
        "prompt_tokens_details": {"cached_tokens": 5},
        "completion_tokens_details": {"reasoning_tokens": 2},
    }
    found = reply(said("답"), USAGE | details)
    assert found.usage == Usage(9, 5, 4, 2)
    completion = found.completion
    assert completion is not None
    assert (completion.text, completion.finish, completion.thinking) == ("답", Finish.STOP, "")
    assert (completion.prompt_tokens, completion.completion_tokens) == (9, 4)
    assert reply(said("답"), USAGE).usage == Usage(9, 0, 4, 0)
    nothing: dict[str, Any] = {"prompt_tokens_details": None, "completion_tokens_details": {}}
    assert reply(said("답"), USAGE | nothing).usage == Usage(9, 0, 4, 0)


@pytest.mark.parametrize(
    ("choice", "text", "finish", "thought"),
    [
        ({"finish_reason": "length", "text": "반쪽"}, "반쪽", Finish.LENGTH, ""),
        (said(""), "", Finish.STOP, ""),
        (said(None, refusal="못 합니다."), "못 합니다.", Finish.STOP, ""),
        (said("답", reasoning_content="음"), "답", Finish.STOP, "음"),
        (said("답", reasoning="음"), "답", Finish.STOP, "음"),
        (said(None, "length", reasoning="음"), "", Finish.THINKING, "음"),
        (said("<think>음</think>답"), "<think>음</think>답", Finish.STOP, ""),
    ],
)
def test_answers_and_thinking_as_servers_return_them(
    choice: dict[str, Any], text: str, finish: Finish, thought: str
) -> None:
    completion = reply(choice, USAGE).completion
    assert completion is not None
    assert (completion.text, completion.finish, completion.thinking) == (text, finish, thought)


@pytest.mark.parametrize(
    ("text", "cause", "tags", "answer", "finish", "thought"),
    [
        ("<think>\n음\n</think>\n\n답", "stop", {}, "답", Finish.STOP, "음"),
        ("음\n</think>\n답. 끝", "length", {}, "답", Finish.STOP, "음"),
        ("<think>음", "length", {}, "", Finish.THINKING, "음"),
        ("[THINK]음[/THINK]답", "stop", {}, "답", Finish.STOP, "음"),
        ("<a>음</a>답", "stop", {"open": "<a>", "close": "</a>"}, "답", Finish.STOP, "음"),
        ("답", "stop", {}, "답", Finish.STOP, ""),
    ],
)
def test_thinking_that_a_server_leaves_in_the_answer_is_taken_off(
    text: str, cause: str, tags: dict[str, str], answer: str, finish: Finish, thought: str
) -> None:
    completion = reply(said(text, cause), USAGE, Thinking.model_validate(tags), (".",)).completion
    assert completion is not None
    assert (completion.text, completion.finish, completion.thinking) == (answer, finish, thought)


def test_filtered_output_is_no_answer_and_is_paid() -> None:
    found = reply(said("반쯤 나온", "content_filter"), USAGE)
    assert (found.kind, found.completion, found.usage) == (Kind.USELESS, None, Usage(9, 0, 4, 0))


@pytest.mark.parametrize(
    "content",
    [
        b"", b"null", b"[]", b"{", b'{"choices": null}', b'{"choices": [null]}',
        b'{"choices": [{}]}', b'{"choices": [{"finish_reason": "stop"}]}', b"\xff\xfe",
        b'{"choices": [{"finish_reason": "stop", "message": {"content": 3}}]}',
        b'{"choices": [{"finish_reason": null, "message": {"content": "a"}}]}',
    ],
)  # fmt: skip
def test_what_is_no_completion_is_garbled(content: bytes) -> None:
    assert read_reply("k", content, None, ()).kind is Kind.GARBLED


def test_tokens_are_read_from_a_reply_that_cannot_be_used() -> None:
    assert read_usage(json.dumps({"choices": [], "usage": USAGE}).encode()) == Usage(9, 0, 4, 0)
    for tokens in (b'"9"', b"-9", b"1e3", b"9" * 30):
        assert read_usage(b'{"usage": {"prompt_tokens": %s}}' % tokens) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
MEMBERS = st.fixed_dictionaries(
    {},
    optional={
        "choices": st.lists(
            st.fixed_dictionaries(
                {}, optional={"finish_reason": JSON, "text": JSON, "message": JSON}
            )
        )
        | JSON,
        "usage": JSON,
    },
)


@given(st.binary() | (MEMBERS | JSON).map(lambda value: json.dumps(value).encode()))
def test_no_body_stops_the_reader(content: bytes) -> None:
    found = read_reply("k", content, Thinking(), ("\n",))
    assert (found.completion is not None) == (found.kind is Kind.ANSWERED)
