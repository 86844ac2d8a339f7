"""What both model engines ask: whose tokenizer, which day, and one row named where it fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from submission.adapters import Weighted, merge
from submission.engines.base import EngineContext
from submission.engines.checkpoint import Checkpoint
from submission.engines.transformers.engine import TransformersEngine
from submission.errors import InputError
from submission.files.model_files import ModelFiles
from submission.records.rows import Question
from tests.models import gpt2, tokenizer_with
from tests.submission.engines import tiny

CHAT = "{% for message in messages %}<{{ message.role }}>{{ message.content }}{% endfor %}"
QUESTION = Question("R1", "벽지는?", "", {})


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """A model whose chat template is another than that of the adapter over it."""
    base = gpt2(tmp_path / "base", layers=1)
    own = tokenizer_with()
    own.chat_template = f"여기는 {CHAT}"
    own.save_pretrained(base)
    return base, tiny.adapter(base, tmp_path / "adapter")


def test_an_adapter_is_asked_as_when_it_is_merged(pair: tuple[Path, Path], tmp_path: Path) -> None:
    base, adapter = pair
    (adapter / "chat_template.jinja").write_text(f"거기는 {CHAT}")
    out = tmp_path / "merged"
    report = merge(
        ModelFiles("base", base), [Weighted(ModelFiles("adapter", adapter))], out, ["벽지는?"]
    )
    assert any("chat template of its own" in warning for warning in report.warnings)
    told: list[str] = []
    chat: dict[str, Any] = {"prompt": {"chat": True}}
    over = Checkpoint(replace(tiny.context(base, adapter, **chat), say=told.append))
    over.check_base()
    merged = Checkpoint(tiny.context(out, **chat))
    alone = Checkpoint(tiny.context(base, **chat))
    assert over.prompt_ids(QUESTION, "벽지는?") == merged.prompt_ids(QUESTION, "벽지는?")
    assert over.prompt_ids(QUESTION, "벽지는?") != alone.prompt_ids(QUESTION, "벽지는?")
    identities = [each.identity("transformers")["tokenizer"] for each in (over, alone)]
    assert identities[0] != identities[1]
    (warning,) = told
    assert warning.startswith("Warning: the adapter has a chat template of its own")


def dated(pair: tuple[Path, Path], template: str) -> Callable[..., Checkpoint]:
    base, _ = pair
    (base / "chat_template.jinja").write_text(template)

    def made(today: date, **prompt: Any) -> Checkpoint:
        context: EngineContext = tiny.context(base, prompt={"chat": True, **prompt})
        return Checkpoint(replace(context, today=today))

    return made


def test_the_day_belongs_to_what_answers_depend_on_where_prompts_show_it(
    pair: tuple[Path, Path],
) -> None:
    day = date(2026, 1, 31)
    made = dated(pair, "{{ strftime_now('%Y-%m-%d') }}" + CHAT)
    assert made(day).identity("transformers")["date"] == "2026-01-31"
    fixed = made(date(2026, 3, 3), date="2026-01-31")
    assert fixed.prompt_ids(QUESTION, "벽지는?") == made(day).prompt_ids(QUESTION, "벽지는?")
    assert fixed.identity("transformers") == made(day).identity("transformers")
    assert "date" not in dated(pair, CHAT)(day).identity("transformers")


def test_a_row_that_a_template_fails_on_is_named(pair: tuple[Path, Path]) -> None:
    made = dated(pair, "{{ 'a' if messages[-1].content | length < 9 else no.thing }}" + CHAT)
    with pytest.raises(InputError, match=r"^Question 'R1': .*'no' is undefined"):
        made(date(2026, 1, 31)).prompt_ids(QUESTION, "벽지 " * 9)


def test_an_adapters_tokenizer_without_a_chat_template_is_named(pair: tuple[Path, Path]) -> None:
    base, adapter = pair
    tokenizer_with().save_pretrained(adapter)
    told: list[str] = []
    chat: dict[str, Any] = {"prompt": {"chat": True}}
    context = replace(tiny.context(base, adapter, **chat), say=told.append)
    with pytest.raises(InputError, match=rf"adapter: .*model\.tokenizer={base}"):
        TransformersEngine(context)
    assert "differs from the base's in: chat template" in told[0]
    recipe = context.recipe
    assert recipe.model is not None
    model = recipe.model.model_copy(update={"tokenizer": str(base)})
    TransformersEngine(replace(context, recipe=recipe.model_copy(update={"model": model})))


def test_an_adapters_own_chat_template_is_blamed_on_the_adapter(pair: tuple[Path, Path]) -> None:
    base, adapter = pair
    (adapter / "chat_template.jinja").write_text("{{ nothing.at_all }}")
    context = tiny.context(base, adapter, prompt={"chat": True})
    with pytest.raises(InputError, match=rf"^{adapter}: its chat template cannot be used"):
        TransformersEngine(context)


def test_an_end_of_the_models_that_a_template_writes_is_warned_of(pair: tuple[Path, Path]) -> None:
    base, _ = pair
    end = tokenizer_with()("Q")["input_ids"][0]
    (base / "generation_config.json").write_text(json.dumps({"eos_token_id": [1, end]}))
    told: list[str] = []
    context = tiny.context(base, prompt={"template": "{{ question }}Q\n"})
    made = Checkpoint(replace(context, say=told.append))
    for _ in range(2):
        made.prompt_ids(QUESTION, "벽지는?")
    (warning,) = told
    assert warning.startswith("Warning: prompts end with 'Q', an end token that prompt.template")
