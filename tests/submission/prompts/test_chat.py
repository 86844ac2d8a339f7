"""Chat templates that fail, lose what they are given, or want it in parts; and what they ask."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from submission.errors import InputError
from submission.prompts.chat import ChatTemplate
from submission.prompts.encode import PromptEncoder
from submission.recipes.schema import Prompt
from tests.models import tokenizer_with

DAY = date(2026, 1, 31)
TURNS = """\
{% for message in messages %}<{{ message.role }}>CONTENT</s>
{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"""
TEXT = TURNS.replace("CONTENT", "{{ message.content | trim }}")
FIRST_PART = TURNS.replace("CONTENT", "{{ message.content[0].text }}")
EVERY_PART = TURNS.replace(
    "CONTENT",
    "{% for part in message.content %}{% if part.type == 'text' %}{{ part.text }}{% endif %}"
    "{% endfor %}",
)
ONLY_PARTS = "{% if messages[-1].content is string %}{{ raise_exception('not a list') }}{% endif %}"
NO_SYSTEM = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}"
    "{% endif %}" + TEXT
)
DROPS_SYSTEM = TEXT.replace(
    "{% for message in messages %}", "{% for message in messages if message.role != 'system' %}"
)
CLOCK = "{{ strftime_now('%d %b %Y') }}\n" + TEXT
DATE_STRING = (
    "{% if not date_string is defined %}{% set date_string = '26 Jul 2024' %}{% endif %}"
    "{{ date_string }}\n" + TEXT
)


def encoder(template: Any, **prompt: Any) -> PromptEncoder:
    tokenizer = tokenizer_with()
    tokenizer.chat_template = template
    tokenizer.name_or_path = "some/model"
    return PromptEncoder(tokenizer, Prompt(chat=True, **prompt), today=DAY)


@pytest.mark.parametrize("template", [TEXT, FIRST_PART, EVERY_PART, ONLY_PARTS + EVERY_PART])
def test_content_is_given_as_the_template_takes_it(template: str) -> None:
    asked = encoder(template, system="짧게 답한다.")
    assert asked.text(" 벽지는? ").replace(" ", "") == (
        "<system>짧게답한다.</s>\n<user>벽지는?</s>\n<assistant>"
    )
    assert asked.prompt_ids("벽지는?") != asked.prompt_ids("타일은?")
    response = asked.response_ids("종이입니다.", "벽지는?")
    assert tokenizer_with().decode(response) == "종이입니다.</s>\n"


@pytest.mark.parametrize("template", [NO_SYSTEM, DROPS_SYSTEM])
def test_a_system_text_without_a_place_is_refused(template: str) -> None:
    with pytest.raises(
        InputError, match=r"some/model: its chat template .*Set prompt\.fold_system=true"
    ):
        encoder(template, system="짧게 답한다.")
    assert "벽지는?" in encoder(template).text("벽지는?")


def test_what_the_template_says_is_in_the_message() -> None:
    with pytest.raises(InputError, match="System role not supported") as caught:
        encoder(NO_SYSTEM, system="짧게 답한다.")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ raise_exception('no') }}", "'no'"),
        ("{{ who.am_i }}", "'who' is undefined"),
        ("{% for message in messages %}", "endfor"),
        ("\n{{ messages | nonsense }}", "in line 2"),
        ("{{ messages.__class__.__mro__ }}", "unsafe"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ messages[0].content + 1 }}", "concatenate"),
        ("fixed text", "does not contain the question"),
        ({"rag": TEXT, "tool_use": TEXT}, "no default specified"),
    ],
)
def test_any_error_of_a_template_is_one_message(template: Any, said: str) -> None:
    with pytest.raises(InputError, match=r"some/model: .*prompt\.chat=false") as caught:
        encoder(template)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 700


def test_a_question_that_gets_lost_is_named() -> None:
    template = (
        "{% if messages[-1].content | length > 20 %}too long{% else %}" + TEXT + "{% endif %}"
    )
    asked = encoder(template)
    asked.prompt_ids("벽지는?")
    with pytest.raises(InputError, match=r"does not contain the question.*벽지벽지"):
        asked.prompt_ids("벽지" * 20)


def test_an_answer_that_training_would_not_see_is_refused() -> None:
    template = TEXT.replace(
        "{{ message.content | trim }}",
        "{% if message.role != 'assistant' %}{{ message.content }}{% endif %}",
    )
    with pytest.raises(InputError, match="does not contain the answer"):
        encoder(template).response_ids("종이입니다.", "벽지는?")


def test_a_template_may_drop_a_part_of_the_answer() -> None:
    template = TEXT.replace(
        "{{ message.content | trim }}", "{{ message.content.split('</think>')[-1] }}"
    )
    response = encoder(template).response_ids("<think>음</think>종이입니다.", "벽지는?")
    assert tokenizer_with().decode(response) == "종이입니다.</s>\n"


def test_of_several_templates_the_default_is_used() -> None:
    assert "<user>" in encoder({"default": TEXT, "tool_use": "{{ no.thing }}"}).text("벽지는?")


def test_the_clock_shows_the_day_that_it_is_given() -> None:
    assert encoder(CLOCK).text("벽지는?").startswith("31 Jan 2026\n")
    assert encoder(CLOCK).date == DAY
    fixed = encoder(CLOCK, date=date(2025, 12, 1))
    assert fixed.text("벽지는?").startswith("01 Dec 2025\n")
    assert fixed.date == date(2025, 12, 1)


def test_a_template_that_asks_for_no_day_has_none() -> None:
    assert encoder(TEXT).date is None
    assert encoder(DATE_STRING).date is None
    assert encoder(DATE_STRING).text("벽지는?").startswith("26 Jul 2024\n")


def test_a_fixed_day_is_the_date_string_as_well() -> None:
    assert encoder(DATE_STRING, date=DAY).text("벽지는?").startswith("31 Jan 2026\n")


def test_a_template_that_prints_the_list_of_parts_is_refused() -> None:
    for printed in (TURNS.replace("CONTENT", f"{{{{ message.content{how} }}}}")
                    for how in ("", " | string", " | tojson")):  # fmt: skip
        with pytest.raises(InputError, match="not a list"):
            encoder(ONLY_PARTS + printed)
    assert "'type': 'text'" in encoder(TEXT).text("왜 {'type': 'text'}?")


def test_turns_stand_between_system_and_question() -> None:
    tokenizer = tokenizer_with()
    tokenizer.chat_template = TEXT
    template = ChatTemplate(tokenizer, Prompt(chat=True, system="짧게"), today=DAY)
    turns = [("벽지는?", "종이"), ("타일은?", "도기")]
    opened = template.prompt("바닥은?", turns=turns)
    assert opened == (
        "<system>짧게</s>\n<user>벽지는?</s>\n<assistant>종이</s>\n<user>타일은?</s>\n"
        "<assistant>도기</s>\n<user>바닥은?</s>\n<assistant>"
    )
    assert template.answered("바닥은?", "나무", turns=turns) == opened + "나무</s>\n"


def test_a_turn_that_gets_lost_is_named() -> None:
    tokenizer = tokenizer_with()
    tokenizer.chat_template = "{% set messages = messages[-1:] %}" + TEXT
    template = ChatTemplate(tokenizer, Prompt(chat=True), today=DAY)
    with pytest.raises(InputError, match="does not contain an example"):
        template.prompt("바닥은?", turns=[("벽지는?", "종이")])


SWITCHED = TEXT.replace(
    "<assistant>{% endif %}",
    "<assistant>{% if enable_thinking is defined and enable_thinking is false %}"
    "<think>\n\n</think>\n\n{% else %}<think>\n{% endif %}{% endif %}",
)


def test_the_variables_of_a_recipe_reach_the_template() -> None:
    assert encoder(SWITCHED).text("벽지는?").endswith("<assistant><think>\n")
    off = encoder(SWITCHED, chat_template_kwargs={"enable_thinking": False})
    assert off.text("벽지는?").endswith("<assistant><think>\n\n</think>\n\n")


@pytest.mark.parametrize("name", ["enable_thinkin", "messages", "tokenize", "strftime_now"])
def test_a_variable_that_the_template_does_not_read_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=rf"chat_template_kwargs\.{name}: .*enable_thinking"):
        encoder(SWITCHED, chat_template_kwargs={name: True})


@pytest.mark.parametrize("template", [NO_SYSTEM, DROPS_SYSTEM])
def test_a_system_text_can_begin_the_first_user_turn(template: str) -> None:
    asked = encoder(template, system="짧게", fold_system=True)
    assert asked.text("벽지는?") == "<user>짧게\n\n벽지는?</s>\n<assistant>"
    chat = ChatTemplate(
        asked._tokenizer, Prompt(chat=True, system="짧게", fold_system=True), today=DAY
    )
    assert chat.prompt("바닥은?", turns=[("벽지는?", "종이")]) == (
        "<user>짧게\n\n벽지는?</s>\n<assistant>종이</s>\n<user>바닥은?</s>\n<assistant>"
    )


def test_a_prefill_begins_the_answer_in_generation_and_training_alike() -> None:
    asked = encoder(TEXT, prefill="정답: ")
    decode = tokenizer_with().decode
    assert decode(asked.prompt_ids("벽지는?")) == "<user>벽지는?</s>\n<assistant>정답: "
    assert decode(asked.response_ids("종이", "벽지는?")) == "종이</s>\n"


def test_a_prefill_is_no_part_of_thinking() -> None:
    with pytest.raises(InputError, match=r"prompt\.prefill: .*'<think>'"):
        encoder(SWITCHED, prefill="정답: ")
    off = encoder(SWITCHED, prefill="정답: ", chat_template_kwargs={"enable_thinking": False})
    assert off.text("벽지는?").endswith("</think>\n\n정답: ")
    assert encoder(SWITCHED, prefill="\n</think>\n\n정답: ").text("벽지는?").endswith("정답: ")


def test_a_template_of_the_recipe_stands_in_for_the_tokenizers() -> None:
    assert encoder(None, chat_template=TEXT).text("벽지는?") == "<user>벽지는?</s>\n<assistant>"
    with pytest.raises(InputError, match=r"^prompt\.chat_template: its chat template .*unsafe"):
        encoder(TEXT, chat_template="{{ messages.__class__.__mro__ }}")
